import { TooManyWaiting } from './batching.errors.js';

/** Unless told otherwise: beyond them, whoever asked has better things to do than to wait. */
export const LIMITS = { waitingMax: 10_000, patienceMs: 10_000 };

export interface BatcherOptions<Item, Result> {
  /** Does the work of all items at once; one result per item, in their order. */
  run(items: Item[]): Promise<Result[]>;
  /**
   * Whether a failed batch may be the fault of one of its items, and certainly had no effect. Its halves are then tried, one after
   * the other, down to that item.
   */
  isWorthSplitting(error: unknown): boolean;
  /** Batches that run at the same time. One keeps the order of arrival. */
  inFlightMax: number;
  sizeMax: number;
  /**
   * So many do not wait for the end of the turn: the database works on them while the others are read. The first number is for
   * when nothing is in flight, the next for when one batch is, and so on. Where there is no number, all wait for it.
   */
  startsAt?: readonly number[];
  /** Where so many wait, the next one is turned away. */
  waitingMax?: number;
  /** An item that has waited longer than this by its turn is turned away. */
  patienceMs?: number;
  observer?: BatchObserver;
}

/** Is told of every batch: for metrics. */
export interface BatchObserver {
  /** @param waitedMs how long the first of the items had waited */
  started(size: number, waitedMs: number): void;
  ended(): void;
}

interface Waiting<Item, Result> {
  item: Item;
  arrivedAt: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Lets items travel together: those that arrive in the same turn of the event loop, and those that arrive while as many
 * batches are in flight as may be. There is no timer, so nobody waits when there is nothing to wait for.
 */
export class Batcher<Item, Result> {
  private readonly options: BatcherOptions<Item, Result> & typeof LIMITS;
  private waiting: Waiting<Item, Result>[] = [];
  private inFlight = 0;
  private isGathering = false;

  constructor(options: BatcherOptions<Item, Result>) {
    this.options = { ...LIMITS, ...options };
  }

  /**
   * The result for one item.
   *
   * @throws TooManyWaiting when too many are, or when its turn did not come in time; nothing was done then
   */
  add(item: Item): Promise<Result> {
    if (this.waiting.length >= this.options.waitingMax) {
      return Promise.reject(new TooManyWaiting());
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, arrivedAt: performance.now(), resolve, reject });
      if (this.waiting.length >= (this.options.startsAt?.[this.inFlight] ?? Infinity)) {
        this.start();
      } else {
        this.gather();
      }
    });
  }

  /** Until everything was read that had arrived by now. */
  private gather(): void {
    if (!this.isGathering && this.inFlight < this.options.inFlightMax) {
      this.isGathering = true;
      setImmediate(() => {
        this.isGathering = false;
        this.start();
      });
    }
  }

  private start(): void {
    while (this.inFlight < this.options.inFlightMax && this.waiting.length > 0) {
      const batch = this.takePatient();
      if (batch.length > 0) {
        this.inFlight++;
        void this.work(batch).finally(() => {
          this.inFlight--;
          this.gather();
        });
      }
    }
  }

  private takePatient(): Waiting<Item, Result>[] {
    const turn = this.waiting.splice(0, this.options.sizeMax);
    const oldest = performance.now() - this.options.patienceMs;
    if (turn[0]!.arrivedAt >= oldest) {
      return turn;
    }
    for (const { arrivedAt, reject } of turn) {
      if (arrivedAt < oldest) {
        reject(new TooManyWaiting());
      }
    }
    return turn.filter(({ arrivedAt }) => arrivedAt >= oldest);
  }

  private async work(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.runObserved(batch);
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      if (batch.length > 1 && this.options.isWorthSplitting(error)) {
        const half = Math.ceil(batch.length / 2);
        await this.work(batch.slice(0, half));
        await this.work(batch.slice(half));
      } else {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }

  private async runObserved(batch: Waiting<Item, Result>[]): Promise<Result[]> {
    const { run, observer } = this.options;
    observer?.started(batch.length, performance.now() - batch[0]!.arrivedAt);
    try {
      return await run(batch.map(({ item }) => item));
    } finally {
      observer?.ended();
    }
  }
}
