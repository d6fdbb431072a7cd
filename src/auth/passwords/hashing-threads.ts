import { createRequire } from 'node:module';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Piscina } from 'piscina';
import type { HashingTask } from './hashing-thread.js';

/** Compiled: a thread loads files as they are. */
const PROGRAM = createRequire(import.meta.url).resolve('#hashing-thread');
const IDLE_MS = 60_000;
/** Of the 19 steps that a thread can stand back. A login takes its time; the other calls of the same machine do not. */
const NICENESS = 10;

/**
 * bcrypt on threads of its own, which stand back wherever somebody else wants the processor: the event loop and the database
 * get it first, however many people log in. They start with the first password.
 */
@Injectable()
export class HashingThreads implements OnApplicationShutdown {
  private readonly logger = new Logger('HashingThreads');
  private pool: Promise<Piscina<HashingTask, string | boolean>> | undefined;

  async hash(text: string, cost: number): Promise<string> {
    return (await this.run({ text, cost })) as string;
  }

  async compare(text: string, hash: string): Promise<boolean> {
    return (await this.run({ text, hash })) as boolean;
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.pool)?.destroy();
  }

  private async run(task: HashingTask): Promise<string | boolean> {
    this.pool ??= this.start();
    return (await this.pool).run(task);
  }

  private async start(): Promise<Piscina<HashingTask, string | boolean>> {
    const { Piscina } = await import('piscina');
    const pool = new Piscina<HashingTask, string | boolean>({
      filename: PROGRAM,
      minThreads: 0,
      idleTimeout: IDLE_MS,
      niceIncrement: NICENESS,
    });
    pool.on('error', (error: Error) => {
      this.logger.error({ msg: 'a thread that hashes passwords could not start, or broke', err: error });
      if (pool.threads.length === 0) {
        // Nobody is left for those who wait: they fail, and the next password finds new threads.
        this.pool = undefined;
        void pool.destroy();
      }
    });
    return pool;
  }
}
