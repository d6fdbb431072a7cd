import { performance } from 'node:perf_hooks';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

interface Pace {
  /** Milliseconds between two ticks. */
  interval: number;
  count: number;
}

/**
 * Says when requests are due. A thread of its own sleeps until then: timers of the event loop are a millisecond coarse,
 * and waiting in a loop would take a processor from the server.
 *
 * @param endsAt `performance.now()` of this thread
 */
export function startPacer(
  perSecond: number,
  endsAt: number,
  events: { onDue(dueAt: number): void; onEnd(): void },
): void {
  const interval = 1000 / perSecond;
  // The worker's first message tells that it runs; only then does time begin, so that nothing is late from the start.
  const pace: Pace = { interval, count: Math.floor((endsAt - performance.now()) / interval) };
  const worker = new Worker(new URL(import.meta.url), { workerData: pace });
  let startsAt = 0;
  let ticks = 0;
  worker.on('message', () => {
    const dueAt = ticks === 0 ? (startsAt = performance.now()) : startsAt + ticks * interval;
    ticks++;
    events.onDue(dueAt);
  });
  worker.on('exit', events.onEnd);
}

if (!isMainThread) {
  const { interval, count } = workerData as Pace;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const startsAt = performance.now();
  for (let tick = 0; tick < count; tick++) {
    const left = startsAt + tick * interval - performance.now();
    if (left > 0) {
      Atomics.wait(never, 0, 0, left);
    }
    parentPort!.postMessage(tick);
  }
}
