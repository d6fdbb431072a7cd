/** Our workers are given it: a process manager may run the server itself as a worker of its own. */
export const WORKER_ARGUMENT = '--worker';
