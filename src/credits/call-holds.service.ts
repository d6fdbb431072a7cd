import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { CallHold } from '../route-policy/price-policy.js';
import { PRICES, type PricedOperation } from '../route-policy/prices.js';
import { AccountNotFound, HoldNotFound, HoldSettled } from './credits.errors.js';
import { Ledger } from './ledger.js';
import { accountFor, type Order } from './order.js';

/** Longer than what is paid for may take; if everything else fails, the credits are back after it. */
export const CALL_HOLD_SECONDS = 2 * 24 * 3600;

const RETRY_AFTER_MS = 2_000;

/**
 * Holds that pay for calls whose work ends after their answer, such as a mail. The one who ends the work settles the hold,
 * as often as it takes: once has an effect.
 */
@Injectable()
export class CallHoldsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('CallHolds');
  private readonly stopping = new AbortController();

  constructor(private readonly ledger: Ledger) {}

  /**
   * Freezes the price of an operation.
   *
   * @throws AccountNotFound, OutOfCredits
   */
  async make(order: Order, operation: PricedOperation): Promise<{ hold: CallHold; balanceAfter: number }> {
    const accountId = accountFor(order);
    const { entry, hold } = await this.ledger.perform(
      { kind: 'hold', accountId, amount: PRICES[operation], operation, expiresInSeconds: CALL_HOLD_SECONDS },
      order,
    );
    return { hold: { accountId, id: hold!.id }, balanceAfter: entry.balanceAfter };
  }

  /**
   * Gives the credits of a call that failed back, now or, when the database cannot take it now, as soon as it can.
   *
   * @returns what the account can spend then; undefined when that is not known yet
   */
  async giveBack(order: Order, hold: CallHold): Promise<number | undefined> {
    try {
      return await this.release(order, hold);
    } catch (error) {
      this.logger.warn({ msg: 'a hold is released later', requestId: order.requestId, err: error });
      void this.giveBackLater(order, hold);
      return undefined;
    }
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /**
   * Settles the hold of work that has ended.
   *
   * @param reference names the work in the ledger
   * @returns false when it was settled before, or has expired
   */
  async settle(hold: CallHold, kind: 'capture' | 'release', reference: string): Promise<boolean> {
    try {
      await this.ledger.perform({ kind, accountId: hold.accountId, holdId: hold.id, reference }, NOBODY);
      return true;
    } catch (error) {
      if (error instanceof HoldSettled || error instanceof HoldNotFound || error instanceof AccountNotFound) {
        return false;
      }
      throw error;
    }
  }

  private async release(order: Order, hold: CallHold): Promise<number> {
    const { entry } = await this.ledger.perform({ kind: 'release', accountId: hold.accountId, holdId: hold.id }, order);
    return entry.balanceAfter;
  }

  /** Until it is done, or the process ends: then it expires by itself. */
  private async giveBackLater(order: Order, hold: CallHold): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await sleep(RETRY_AFTER_MS, undefined, { signal, ref: false }).catch(() => undefined);
      try {
        await this.release(order, hold);
        return;
      } catch (error) {
        if (error instanceof HoldSettled || error instanceof HoldNotFound) {
          return;
        }
      }
    }
  }
}

/** Work that goes on after its caller has gone has no request; the ledger asks for a principal only beside a key of one. */
const NOBODY = {} as Pick<Order, 'principal' | 'requestId'>;
