import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import fastq from 'fastq';
import { Configuration } from '../../config/configuration.js';
import { TooBusy } from '../auth.errors.js';

/** Jobs that may wait for each core: some eight seconds' worth at the default cost. */
const WAITING_MAX_PER_CORE = 32;
const RETRY_AFTER_SECONDS = 5;

/**
 * Keeps password hashing from taking over the machine: as many jobs at a time as there are cores for this worker, and a
 * bounded queue. Beyond it callers are told to come back, at once.
 */
@Injectable()
export class HashingQueue {
  private readonly cores: number;
  private readonly queue: fastq.queueAsPromised<() => Promise<unknown>, unknown>;

  constructor({ workers }: Configuration) {
    // Rounded up: threads can share a core, and none is to lie idle.
    this.cores = Math.ceil(availableParallelism() / workers);
    this.queue = fastq.promise((job) => job(), this.cores);
  }

  /** @throws TooBusy */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    if (this.queue.length() >= WAITING_MAX_PER_CORE * this.cores) {
      throw new TooBusy(RETRY_AFTER_SECONDS);
    }
    return (await this.queue.push(job)) as Result;
  }
}
