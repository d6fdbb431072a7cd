import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';

export const SECOND_MS = 1_000;
export const HOUR_MS = 3_600_000;

/**
 * Chores that come up from time to time, and that nobody asks for. Every process does them; what one has done, the others
 * find done. A chore that fails is tried again at its next time.
 *
 * When the process ends, all of them are told at once, first of all, and waited for last of all: requests that are in flight
 * finish meanwhile.
 */
export abstract class Upkeep implements OnModuleDestroy, OnApplicationShutdown {
  protected readonly logger = new Logger(this.constructor.name);
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>[] = [];

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.running);
  }

  /** A long chore looks at it between its steps. */
  protected get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** At once, and then again and again. */
  protected repeatEvery(milliseconds: number, chore: () => Promise<void>): void {
    this.running.push(this.repeat(milliseconds, chore));
  }

  private async attempt(chore: () => Promise<void>): Promise<void> {
    try {
      await chore();
    } catch (error) {
      this.logger.warn({ msg: 'a chore failed; it is tried again', err: error });
    }
  }

  /** Not all processes at the same moment. */
  private async repeat(milliseconds: number, chore: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.attempt(chore);
      const pause = milliseconds * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
