/**
 * Right answers per second, counted from one answer to another: from the last before the measurement, or its start, to the
 * very last. Between any other two moments an answer that takes a quarter of a second may be counted once too often or too seldom.
 */
export class AnswerRate {
  private count = 0;
  private until: number;

  /** Times are in milliseconds. */
  constructor(
    private since: number,
    private readonly countsFrom: number,
  ) {
    this.until = since;
  }

  /** @returns whether the answer is part of the measurement */
  right(now: number): boolean {
    this.until = now;
    if (now < this.countsFrom) {
      this.since = now;
      return false;
    }
    this.count++;
    return true;
  }

  /** Time that ended with no right answer is time all the same. */
  wrong(now: number): void {
    this.until = now;
  }

  perSecond(): number {
    return this.count === 0 ? 0 : (this.count / (this.until - this.since)) * 1000;
  }
}
