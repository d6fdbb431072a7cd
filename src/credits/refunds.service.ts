import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { ChargeRefunded } from './credits.errors.js';
import { CreditsService } from './credits.service.js';
import type { EntryView } from './entry.view.js';
import type { Order } from './order.js';

const RETRY_AFTER_MS = 2_000;

/**
 * Gives back what was charged for calls that failed. A refund names its charge and is carried out once however often it
 * is tried, so it is tried until the database has taken it.
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
   * @returns what the account can spend then
   */
  async giveBack(order: Order, charge: EntryView): Promise<number> {
    try {
      return await this.refund(order, charge);
    } catch (error) {
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
        if (this.stopping.signal.aborted) {
          const { accountId, sequence } = charge;
          this.logger.error({ msg: 'a charge could not be given back', accountId, sequence, err: error });
          return;
        }
      }
    }
  }

  private async refund(order: Order, charge: EntryView): Promise<number> {
    try {
      const { balanceAfter } = await this.credits.refund(order, { charge: charge.sequence });
      return balanceAfter;
    } catch (error) {
      if (error instanceof ChargeRefunded) {
        // An earlier try had an effect and no answer.
        return charge.balanceAfter - charge.amount;
      }
      throw error;
    }
  }
}
