import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../config/configuration.js';
import type { FromWorker, MetricsReport, ToWorker } from './messages.js';
import { closeUndelivered } from './undelivered-connection.js';

const LAST_WORDS_MS = 500;

/** How a worker ended. */
export interface WorkerEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** What it said of a start that failed, if it had time to. */
  problems?: string[];
}

/** Of one that there never was. */
export function unstarted(error: unknown): WorkerEnd {
  const reason = error instanceof Error ? error.message : String(error);
  return { exitCode: null, signal: null, problems: [`A process cannot be started: ${reason}.`] };
}

/** One worker, from its start to its end, as the supervisor sees it. */
export class WorkerProcess {
  /** Stays pending when it ends before it serves. */
  readonly serving: Promise<void>;
  readonly ended: Promise<WorkerEnd>;
  /** Called for whatever it says. */
  onWord: () => void = () => undefined;
  onMetricsAsked: (question: number) => void = () => undefined;
  private readonly worker: Worker;
  private readonly questions = new Map<number, (report?: MetricsReport) => void>();
  private problems: string[] | undefined;
  private isDraining = false;

  constructor(configuration: Configuration) {
    this.worker = cluster.fork();
    closeUndelivered(this.worker);
    this.ended = this.untilEnd();
    // Once, not for each question: `ended` would keep every answer for as long as the worker lives.
    void this.ended.then(() => this.questions.forEach((answer) => answer(undefined)));
    this.serving = new Promise((resolve) => {
      this.worker.on('message', (message: FromWorker) => {
        this.onWord();
        switch (message.kind) {
          case 'hears':
            return this.tell(this.isDraining ? { kind: 'drain' } : { kind: 'serve', configuration });
          case 'serving':
            return resolve();
          case 'not-serving':
            this.problems = message.problems;
            return;
          case 'metrics-report':
            return this.questions.get(message.question)?.(message.report);
          case 'ask-metrics':
            return this.onMetricsAsked(message.question);
        }
      });
    });
  }

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  /** Nothing happens when it is gone. */
  tell(message: ToWorker): void {
    if (this.worker.isConnected()) {
      this.worker.send(message, () => undefined);
    }
  }

  /** Undefined when it does not answer in time, or has no report. */
  async reportMetrics(question: number, patienceMs: number): Promise<MetricsReport | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const report = await new Promise<MetricsReport | undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patienceMs);
      this.questions.set(question, resolve);
      this.tell({ kind: 'report-metrics', question });
    });
    clearTimeout(timer);
    this.questions.delete(question);
    return report;
  }

  /** Lets it finish what is in flight, but no longer than that. */
  async drain(patienceMs: number): Promise<void> {
    this.isDraining = true;
    this.tell({ kind: 'drain' });
    const timer = setTimeout(() => this.kill(), patienceMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  private async untilEnd(): Promise<WorkerEnd> {
    const { process: child } = this.worker;
    const unspawned = new Promise<WorkerEnd>((resolve) => {
      // A signal or message that could not be sent, too; its exit tells the rest.
      this.worker.on('error', (error) => {
        if (child.pid === undefined) {
          resolve(unstarted(error));
        }
      });
    });
    const disconnected = new Promise((resolve) => this.worker.once('disconnect', resolve));
    const exited = new Promise<WorkerEnd>((resolve) =>
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })),
    );
    const end = await Promise.race([unspawned, exited]);
    // What it said last is read by then. Node says nothing of it when a connection was on its way to the worker.
    await Promise.race([disconnected, sleep(LAST_WORDS_MS)]);
    return this.problems ? { ...end, problems: this.problems } : end;
  }
}
