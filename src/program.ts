import { WORKER_MARK } from './workers/worker-mark.js';

/** What is bundled: a worker of a supervisor, or the server itself. */
void (process.env[WORKER_MARK] ? import('./worker.js') : import('./server.js'));
