import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { TooManyWaiting } from '../batching/batching.errors.js';
import { DomainError } from '../errors/domain-error.js';

const RETRY_AFTER_MS = 2_000;

/** What was taken for a call that has failed. */
export interface Repayment {
  /** The call, in the log and in the ledger. */
  requestId: string;
  /** What the account can spend once it is made. */
  balanceAfter: number;
  /** Has an effect once, however often it is called. Answers what the account can spend then, if that can be known. */
  attempt(): Promise<number | undefined>;
}

/**
 * Makes repayments: at once, or while the database is out of reach again and again, and a last time when the process ends and
 * all requests have been answered.
 */
@Injectable()
export class Repayments implements OnApplicationShutdown {
  private readonly logger = new Logger('Repayments');
  private readonly owed = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  /** @returns what the account can spend then; undefined when the ledger refuses the repayment for good */
  async make(repayment: Repayment): Promise<number | undefined> {
    const { requestId, balanceAfter } = repayment;
    try {
      return (await repayment.attempt()) ?? balanceAfter;
    } catch (error) {
      if (!isTemporary(error)) {
        this.giveUp(repayment, error);
        return undefined;
      }
      this.logger.warn({ msg: 'credits are given back later', requestId, err: error });
      const made = this.makeLater(repayment).finally(() => this.owed.delete(made));
      this.owed.add(made);
      return balanceAfter;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.owed);
  }

  private async makeLater(repayment: Repayment): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await sleep(RETRY_AFTER_MS, undefined, { signal, ref: false }).catch(() => undefined);
      const isLast = signal.aborted;
      try {
        await repayment.attempt();
        return;
      } catch (error) {
        if (isLast || !isTemporary(error)) {
          this.giveUp(repayment, error);
          return;
        }
      }
    }
  }

  /** For the operator to see to. */
  private giveUp({ requestId }: Repayment, error: unknown): void {
    this.logger.error({ msg: 'credits could not be given back', requestId, err: error });
  }
}

/** Whatever is no refusal may be different the next time. */
function isTemporary(error: unknown): boolean {
  return error instanceof TooManyWaiting || !(error instanceof DomainError);
}
