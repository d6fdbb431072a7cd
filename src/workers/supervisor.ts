import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CombinedMetrics } from './combined-metrics.js';
import { PATIENCE, watchLife } from './life-watch.js';
import { WORKER_ARGUMENT } from './worker-argument.js';
import { unstarted, WorkerProcess, type WorkerEnd } from './worker-process.js';
import { WorkersFailed } from './workers-failed.error.js';

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 10_000;
/** A worker that lived this long was not failing; the next end begins at the first pause again. */
const STABLE_AFTER_MS = 60_000;
/** Workers that may die without a word before one has served in their place at all. */
const START_ATTEMPTS_MAX = 3;

/**
 * Keeps the workers running behind one port: whoever ends is replaced, after a pause that grows while they end at once, and
 * whoever is stuck is ended. The connections are dealt out in turn by this process, which holds the port; the requests never
 * come here.
 */
export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly workers = new Set<WorkerProcess>();
  private readonly metrics = new CombinedMetrics();

  /** @param program what a worker runs: `src/worker.ts`, compiled */
  constructor(
    private readonly configuration: Configuration,
    private readonly logger: Logger,
    program: URL,
    private readonly patience = PATIENCE,
  ) {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: fileURLToPath(program), args: [WORKER_ARGUMENT] });
    // Whoever does not wait for them does not leave them behind.
    process.on('exit', () => this.workers.forEach((worker) => worker.kill()));
  }

  /**
   * Resolves when all of them serve.
   *
   * @throws WorkersFailed
   */
  async start(): Promise<void> {
    const places = Array.from({ length: this.configuration.workers }, () => {
      return new Promise<void>((resolve, reject) => void this.keepFilled(resolve).catch(reject));
    });
    await Promise.all(places);
  }

  /** Lets all of them finish what is in flight; who needs longer is killed. */
  async stop(patienceMs: number): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.workers].map((worker) => worker.drain(patienceMs)));
  }

  /** One worker after another, until the end. */
  private async keepFilled(onFirstServing: () => void): Promise<void> {
    const { signal } = this.stopping;
    let pauseMs = PAUSE_FIRST_MS;
    let attemptsLeft = START_ATTEMPTS_MAX;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const end = await this.runWorker(() => {
        attemptsLeft = Infinity;
        onFirstServing();
      });
      if (signal.aborted) {
        return;
      }
      attemptsLeft--;
      if (attemptsLeft === 0 || (attemptsLeft < Infinity && end.problems)) {
        throw new WorkersFailed(end.problems ?? [`The workers end before they serve: ${describe(end)}.`]);
      }
      if (performance.now() - startedAt > STABLE_AFTER_MS) {
        pauseMs = PAUSE_FIRST_MS;
      }
      this.logger.error({ ...end, pauseMs }, 'a worker ended; another one takes its place');
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }

  private async runWorker(onServing: () => void): Promise<WorkerEnd & { worker?: number | undefined }> {
    let worker: WorkerProcess;
    try {
      worker = this.startWorker();
    } catch (error) {
      return unstarted(error);
    }
    void worker.serving.then(onServing);
    const end = await worker.ended;
    this.workers.delete(worker);
    return { worker: worker.pid, ...end };
  }

  private startWorker(): WorkerProcess {
    const worker = new WorkerProcess(this.configuration);
    this.workers.add(worker);
    this.metrics.add(worker);
    watchLife(worker, this.patience, () => {
      this.logger.error({ worker: worker.pid }, 'a worker gives no sign of life and is killed');
      worker.kill();
    });
    worker.onMetricsAsked = (question) => void this.tellMetrics(worker, question);
    return worker;
  }

  /** Of a failure, too: whoever asked is waiting. */
  private async tellMetrics(worker: WorkerProcess, question: number): Promise<void> {
    const text = await this.metrics.text().catch((error: unknown) => {
      this.logger.error({ err: error }, 'could not collect the metrics of the workers');
      return undefined;
    });
    worker.tell({ kind: 'metrics', question, text });
  }
}

function describe({ exitCode, signal }: WorkerEnd): string {
  return signal ? `killed by ${signal}` : `exit code ${exitCode}`;
}
