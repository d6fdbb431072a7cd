import type { Worker } from 'node:cluster';

/** A connection as `node:cluster` hands it from one process to another. */
interface Connection {
  close(): void;
}

/** Who was given a connection last: one that a worker hands back goes to another. */
const takers = new WeakMap<Connection, Worker>();

/**
 * Hangs up on whoever was on the way to a worker when it died. `node:cluster` forgets such a connection and keeps it open:
 * its client would wait for ever, where a client that is hung up on tries again. It hands a worker one at a time, so there
 * is one at most; closing one that has arrived does nothing.
 */
export function closeUndelivered(worker: Worker): void {
  const { process: child } = worker;
  if (!(child.send as unknown)) {
    return; // It could not even be started.
  }
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  let latest: Connection | undefined;
  child.send = (message: unknown, handle?: unknown, ...rest: unknown[]) => {
    if ((message as { act?: string }).act === 'newconn') {
      latest = handle as Connection;
      takers.set(latest, worker);
    }
    return send(message, handle, ...rest);
  };
  child.once('exit', () => {
    if (latest && takers.get(latest) === worker) {
      latest.close();
    }
  });
}
