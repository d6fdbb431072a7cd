import { availableParallelism } from 'node:os';
import type { Configuration } from '../../config/configuration.js';
import { TooBusy } from '../auth.errors.js';
import { HashingQueue } from './hashing-queue.js';

const ALONE = { workers: 1 } as Configuration;
const CORES = availableParallelism();

/** Jobs that end when they are told to. */
class Jobs {
  running = 0;
  runningMax = 0;
  done = 0;
  private readonly open: (() => void)[] = [];

  job = async (): Promise<number> => {
    this.running++;
    this.runningMax = Math.max(this.runningMax, this.running);
    await new Promise<void>((resolve) => this.open.push(resolve));
    this.running--;
    return ++this.done;
  };

  async finishAll(count: number): Promise<void> {
    while (this.done < count) {
      this.open.shift()?.();
      await new Promise(setImmediate);
    }
  }
}

it('checklist 7: runs as many jobs at a time as there are cores, and all of them in the end', async () => {
  const [queue, jobs] = [new HashingQueue(ALONE), new Jobs()];
  const results = Promise.all(Array.from({ length: CORES * 4 }, () => queue.run(jobs.job)));
  await jobs.finishAll(CORES * 4);
  expect((await results).sort((a, b) => a - b)).toEqual(Array.from({ length: CORES * 4 }, (_, i) => i + 1));
  expect(jobs.runningMax).toBe(CORES);
});

it('checklist 7: refuses what is too much at once, says when to come back, and starts none of it', async () => {
  const [queue, jobs] = [new HashingQueue(ALONE), new Jobs()];
  const room = CORES * 33;
  const outcomes = Promise.allSettled(Array.from({ length: room + 10 }, () => queue.run(jobs.job)));
  await jobs.finishAll(room);

  const refused = (await outcomes)
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => reason as TooBusy);
  expect(refused).toHaveLength(10);
  expect(refused.every((reason) => reason instanceof TooBusy && reason.retryAfterSeconds > 0)).toBe(true);
  expect(jobs.done).toBe(room);
});

it('has room again when jobs have ended, failed ones too', async () => {
  const queue = new HashingQueue(ALONE);
  const failing = Promise.allSettled(
    Array.from({ length: CORES * 33 }, () => queue.run(() => Promise.reject(new Error('no entropy')))),
  );
  await expect(queue.run(() => Promise.resolve(1))).rejects.toThrow(TooBusy);
  const reasons = (await failing).map((outcome) => outcome.status === 'rejected' && String(outcome.reason));
  expect(new Set(reasons)).toEqual(new Set(['Error: no entropy']));
  await expect(queue.run(() => Promise.resolve(1))).resolves.toBe(1);
});
