import { Injectable } from '@nestjs/common';
import type { CallHold } from '../route-policy/priced.js';
import { PRICES, type PricedOperation } from '../route-policy/prices.js';
import { AccountNotFound, HoldNotFound, HoldSettled } from './credits.errors.js';
import { Ledger } from './ledger.js';
import { accountFor, type Order } from './order.js';

/** Longer than what is paid for may take; if everything else fails, the credits are back after it. */
export const CALL_HOLD_SECONDS = 2 * 24 * 3600;

/**
 * Holds that pay for calls whose work ends after their answer, such as a mail. The one who ends the work settles the hold,
 * as often as it takes: once has an effect.
 */
@Injectable()
export class CallHoldsService {
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
   * Releases the hold of a call that has failed; once, however often it is asked.
   *
   * @returns what the account can spend then; undefined when the hold was settled before, or has expired
   */
  async giveBack(order: Order, hold: CallHold): Promise<number | undefined> {
    return this.end(hold, { kind: 'release' }, order);
  }

  /**
   * Settles the hold of work that has ended; once, however often it is asked. It may be settled, or have expired.
   *
   * @param reference names the work in the ledger
   */
  async settle(hold: CallHold, kind: 'capture' | 'release', reference: string): Promise<void> {
    await this.end(hold, { kind, reference }, NOBODY);
  }

  private async end(
    { accountId, id: holdId }: CallHold,
    ending: { kind: 'capture' | 'release'; reference?: string },
    origin: Pick<Order, 'principal' | 'requestId'>,
  ): Promise<number | undefined> {
    try {
      const { entry } = await this.ledger.perform({ ...ending, accountId, holdId }, origin);
      return entry.balanceAfter;
    } catch (error) {
      if (error instanceof HoldSettled || error instanceof HoldNotFound || error instanceof AccountNotFound) {
        return undefined;
      }
      throw error;
    }
  }
}

/** Work that goes on after its caller has gone has no request; the ledger asks for a principal only beside a key of one. */
const NOBODY = {} as Pick<Order, 'principal' | 'requestId'>;
