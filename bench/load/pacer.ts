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
 * @param endsAt and `dueAt`: as `performance.now()` of this thread
 */
export function startPacer(
  perSecond: number,
  endsAt: number,
  events: { onDue(dueAt: number): void; onEnd(): void },
): void {
  const interval = 1000 / perSecond;
  const pace: Pace = { interval, count: Math.floor((endsAt - performance.now()) / interval) };
  // Each thread counts its own time from its own beginning; only the machine's clock is the same for both.
  const offset = performance.now() - machineTime();
  const worker = new Worker(new URL(import.meta.url), { workerData: pace });
  worker.on('message', (dueAt: number) => events.onDue(dueAt + offset));
  worker.on('exit', events.onEnd);
}

/** Milliseconds, of a clock that is never set. */
function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

if (!isMainThread) {
  const { interval, count } = workerData as Pace;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const startsAt = machineTime();
  for (let tick = 0; tick < count; tick++) {
    const dueAt = startsAt + tick * interval;
    const left = dueAt - machineTime();
    if (left > 0) {
      Atomics.wait(never, 0, 0, left);
    }
    parentPort!.postMessage(dueAt);
  }
}
