import { performance } from 'node:perf_hooks';
import { AnswerRate } from './answer-rate.js';
import { Connection } from './connection.js';
import { Histogram } from './histogram.js';
import { startPacer } from './pacer.js';
import type { LoadPlan, LoadResult } from './plan.js';
import type { WrongAnswers } from './wrong-answers.js';

/** How long after the end the last answers may take. */
const PATIENCE_MS = 60_000;

/** Carries out a plan, and waits for the last answer: whatever comes next finds a server that is idle. */
export function runLoad(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((resolve) => {
    const load = plan.rate === undefined ? new ClosedLoad(plan, resolve) : new PacedLoad(plan, plan.rate, resolve);
    load.start();
  });
}

abstract class Load {
  protected readonly startsAt: number;
  protected readonly endsAt: number;
  private readonly rate: AnswerRate;
  private readonly requests: Buffer[];
  private readonly connections = new Set<Connection>();
  private readonly durations = new Histogram();
  private readonly wrong: WrongAnswers = {};
  private answers = 0;
  private cursor = 0;

  constructor(
    private readonly plan: LoadPlan,
    private readonly onDone: (result: LoadResult) => void,
  ) {
    this.requests = plan.requests.map((text) => Buffer.from(text));
    this.startsAt = performance.now();
    const countsFrom = this.startsAt + plan.settleSeconds * 1000;
    this.rate = new AnswerRate(this.startsAt, countsFrom);
    this.endsAt = countsFrom + plan.seconds * 1000;
  }

  start(): void {
    const { host, port, connections, expectedStatus } = this.plan;
    const events = {
      onFree: (connection: Connection) => this.onFree(connection),
      onAnswer: ({ since }: Connection, status: number) => {
        this.answers++;
        if (status === expectedStatus) {
          this.record(since);
        } else {
          this.countWrong(`status ${status}`);
        }
      },
      onLost: (connection: Connection, failure: string | undefined) => {
        if (failure !== undefined) {
          this.countWrong(failure);
        }
        this.onLost(connection);
      },
    };
    for (let i = 0; i < connections; i++) {
      this.connections.add(new Connection(host, port, events));
    }
    setTimeout(() => this.giveUp(), this.endsAt - this.startsAt + PATIENCE_MS).unref();
  }

  protected abstract onFree(connection: Connection): void;

  protected onLost(connection: Connection): void {
    if (performance.now() >= this.endsAt) {
      this.end(connection);
    }
  }

  protected send(connection: Connection, since: number): void {
    connection.send(this.requests[this.cursor]!, since);
    this.cursor = (this.cursor + 1) % this.requests.length;
  }

  protected end(connection: Connection): void {
    connection.close();
    if (this.connections.delete(connection) && this.connections.size === 0) {
      this.finish();
    }
  }

  private record(since: number): void {
    const now = performance.now();
    if (this.rate.right(now)) {
      this.durations.record(now - since);
    }
  }

  private countWrong(what: string): void {
    this.rate.wrong(performance.now());
    this.wrong[what] = (this.wrong[what] ?? 0) + 1;
  }

  private giveUp(): void {
    for (const connection of this.connections) {
      this.countWrong('no answer');
      this.end(connection);
    }
  }

  private finish(): void {
    this.onDone({
      rate: this.rate.perSecond(),
      p50: this.durations.percentile(0.5),
      p99: this.durations.percentile(0.99),
      answers: this.answers,
      wrong: this.wrong,
    });
  }
}

/** Each connection sends its next request as soon as it has the answer to the last one. */
class ClosedLoad extends Load {
  protected onFree(connection: Connection): void {
    const now = performance.now();
    if (now < this.endsAt) {
      this.send(connection, now);
    } else {
      this.end(connection);
    }
  }
}

/**
 * Requests are sent when they are due, over any connection that is free, and their time counts from then: a server that
 * stalls is charged for everybody whom it keeps waiting.
 */
class PacedLoad extends Load {
  private readonly free = new Set<Connection>();
  private readonly due: number[] = [];
  private isOver = false;

  constructor(
    plan: LoadPlan,
    private readonly perSecond: number,
    onDone: (result: LoadResult) => void,
  ) {
    super(plan, onDone);
  }

  override start(): void {
    super.start();
    startPacer(this.perSecond, this.endsAt, {
      onDue: (dueAt) => {
        this.due.push(dueAt);
        this.sendDue();
      },
      onEnd: () => {
        this.isOver = true;
        this.sendDue();
      },
    });
  }

  protected onFree(connection: Connection): void {
    this.free.add(connection);
    this.sendDue();
  }

  protected override onLost(connection: Connection): void {
    this.free.delete(connection);
    super.onLost(connection);
  }

  private sendDue(): void {
    for (const connection of this.free) {
      const dueAt = this.due.shift();
      if (dueAt === undefined) {
        break;
      }
      this.free.delete(connection);
      this.send(connection, dueAt);
    }
    if (this.isOver && this.due.length === 0) {
      this.free.forEach((connection) => this.end(connection));
      this.free.clear();
    }
  }
}
