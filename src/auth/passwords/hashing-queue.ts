import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import fastq from 'fastq';
import { TooBusy } from '../auth.errors.js';

/** Jobs that may wait for each core: some eight seconds' worth at the default cost. */
const WAITING_MAX_PER_CORE = 32;
const RETRY_AFTER_SECONDS = 5;

/**
 * Keeps password hashing from taking over the machine: as many jobs at a time as there are cores, on the threads of
 * libuv, and a bounded queue. Beyond it callers are told to come back, at once.
 */
@Injectable()
export class HashingQueue {
  private readonly cores = availableParallelism();
  private readonly queue = fastq.promise<unknown, () => Promise<unknown>, unknown>((job) => job(), this.cores);

  /** @throws TooBusy */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    if (this.queue.length() >= WAITING_MAX_PER_CORE * this.cores) {
      throw new TooBusy(RETRY_AFTER_SECONDS);
    }
    return (await this.queue.push(job)) as Result;
  }
}
