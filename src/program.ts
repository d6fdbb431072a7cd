import cluster from 'node:cluster';
import { WORKER_ARGUMENT } from './workers/worker-argument.js';

/** What is bundled: a worker of a supervisor, or the server itself. */
const isOurWorker = cluster.isWorker && process.argv.includes(WORKER_ARGUMENT);
void (isOurWorker ? import('./worker.js') : import('./server.js'));
