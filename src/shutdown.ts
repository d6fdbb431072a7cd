import type { Logger as PinoLogger } from 'pino';

/** How long requests in flight may take to finish. */
export const PATIENCE_MS = 30_000;
/** What comes after them: queries that give up, files that are closed. */
export const MARGIN_MS = 5_000;

/** Ctrl-C in `npm start` arrives twice, from the terminal and from npm: that is one wish. */
const ECHO_MS = 1_000;

interface Step {
  stop: () => Promise<void>;
  patienceMs: number;
}

/**
 * Ends the process in order: what was started last stops first. A second signal, later, does not wait. An exception that nobody
 * caught ends it as well: what it left half done would stay so, where a process that is started anew has nothing to remember.
 */
export class Shutdown {
  private readonly steps: Step[] = [];
  private running: Promise<void> | undefined;
  private beganAt = 0;
  private exitCode = 0;
  private logger: PinoLogger | undefined;

  add(stop: () => Promise<void>, patienceMs = PATIENCE_MS): void {
    this.steps.unshift({ stop, patienceMs });
  }

  get hasBegun(): boolean {
    return this.running !== undefined;
  }

  watch(logger: PinoLogger): void {
    this.logger = logger;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.hasBegun && performance.now() - this.beganAt > ECHO_MS) {
          process.exit(1);
        }
        this.begin(signal);
      });
    }
    // No answer hangs on it, and nothing is half done but what failed; whoever runs one process has nobody to start it again.
    process.on('unhandledRejection', (error) =>
      logger.error({ err: error }, 'something failed that nobody waited for'),
    );
    process.on('uncaughtException', (error, origin) => {
      logger.fatal({ err: error }, 'nobody caught an exception, so this process ends');
      this.exitCode = 1;
      this.begin(origin);
    });
  }

  /** Stops everything, then ends the process; whoever says it again says nothing new. */
  begin(reason: string): void {
    if (this.hasBegun) {
      return;
    }
    this.beganAt = performance.now();
    this.logger?.info({ reason }, 'stopping: requests in flight are finished first');
    const patienceMs = this.steps.reduce((sum, step) => sum + step.patienceMs, MARGIN_MS);
    setTimeout(() => process.exit(1), patienceMs).unref();
    this.run().then(
      () => process.exit(this.exitCode),
      (error: unknown) => {
        this.logger?.fatal({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  }

  /** Idempotent. Every step is tried, whatever became of the one before. */
  run(): Promise<void> {
    this.running ??= this.stopAll();
    return this.running;
  }

  private async stopAll(): Promise<void> {
    const failures: unknown[] = [];
    // A start that goes on meanwhile may add to them.
    for (let step = this.steps.shift(); step; step = this.steps.shift()) {
      const { stop, patienceMs } = step;
      await withinPatience(stop(), patienceMs).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, 'not everything could be stopped');
    }
  }
}

async function withinPatience(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(timer));
}
