import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { TooManyWaiting } from '../batching/batching.errors.js';
import { DomainError } from '../errors/domain-error.js';
import { ChargeRefunded } from './credits.errors.js';
import { CreditsService } from './credits.service.js';
import type { EntryView } from './entry.view.js';
import type { Order } from './order.js';

const RETRY_AFTER_MS = 2_000;

/**
 * Gives back what was charged for calls that failed. A refund names its charge and is carried out once however often it
 * is tried, so while the database is out of reach it is tried again and again.
 */
@Injectable()
export class RefundsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Refunds');
  private readonly owed = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(private readonly credits: CreditsService) {}

  /**
   * Gives a charge back, now or, when the database cannot take it now, as soon as it can.
   *
   * @returns what the account can spend then; undefined when the ledger refuses the refund for good
   */
  async giveBack(order: Order, charge: EntryView): Promise<number | undefined> {
    try {
      return await this.refund(order, charge);
    } catch (error) {
      if (!isTemporary(error)) {
        this.giveUp(charge, error);
        return undefined;
      }
      this.logger.warn({ msg: 'a charge is given back later', requestId: order.requestId, err: error });
      const settled = this.refundLater(order, charge).finally(() => this.owed.delete(settled));
      this.owed.add(settled);
      return charge.balanceAfter - charge.amount;
    }
  }

  /** What is still owed is tried once more at the end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.owed);
  }

  private async refundLater(order: Order, charge: EntryView): Promise<void> {
    for (;;) {
      await sleep(RETRY_AFTER_MS, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      try {
        await this.refund(order, charge);
        return;
      } catch (error) {
        if (this.stopping.signal.aborted || !isTemporary(error)) {
          this.giveUp(charge, error);
          return;
        }
      }
    }
  }

  /** For the operator to see to. */
  private giveUp({ accountId, sequence }: EntryView, error: unknown): void {
    this.logger.error({ msg: 'a charge could not be given back', accountId, sequence, err: error });
  }

  private async refund(order: Order, charge: EntryView): Promise<number> {
    try {
      const { balanceAfter } = await this.credits.refund(order, { charge: charge.sequence });
      return balanceAfter;
    } catch (error) {
      if (error instanceof ChargeRefunded) {
        // An earlier try had an effect and no answer.
        const { spendable } = await this.credits.balanceOf({ ...order, account: charge.accountId });
        return spendable;
      }
      throw error;
    }
  }
}

/** Whatever is no refusal may be different the next time. */
function isTemporary(error: unknown): boolean {
  return error instanceof TooManyWaiting || !(error instanceof DomainError);
}
