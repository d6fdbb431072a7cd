/** Set for our workers: a process manager may run the server itself as a worker of its own. */
export const WORKER_MARK = 'TOLLGATE_WORKER';
