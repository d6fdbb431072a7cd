import type { Logger as PinoLogger } from 'pino';

/** How long requests in flight may take to finish. */
const PATIENCE_MS = 30_000;

/** Ctrl-C in `npm start` arrives twice, from the terminal and from npm: that is one wish. */
const ECHO_MS = 1_000;

/** Ends the process in order: what was started last stops first. A second signal, later, does not wait. */
export class Shutdown {
  private readonly steps: { name: string; stop: () => Promise<void> }[] = [];
  private running: Promise<void> | undefined;
  private signalledAt = 0;

  add(name: string, stop: () => Promise<void>): void {
    this.steps.unshift({ name, stop });
  }

  watch(process: NodeJS.Process, logger: PinoLogger): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.running) {
          if (performance.now() - this.signalledAt > ECHO_MS) {
            process.exit(1);
          }
          return;
        }
        this.signalledAt = performance.now();
        logger.info({ signal }, 'stopping: requests in flight are finished first');
        setTimeout(() => process.exit(1), PATIENCE_MS * this.steps.length + 5_000).unref();
        void this.run().then(
          () => process.exit(0),
          (error: unknown) => {
            logger.fatal({ err: error }, 'could not stop cleanly');
            process.exit(1);
          },
        );
      });
    }
    process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled rejection'));
  }

  /** Idempotent. Every step is tried, whatever became of the one before. */
  run(): Promise<void> {
    this.running ??= this.stopAll();
    return this.running;
  }

  private async stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const { stop } of this.steps) {
      await withinPatience(stop()).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, 'not everything could be stopped');
    }
  }
}

async function withinPatience(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(timer));
}
