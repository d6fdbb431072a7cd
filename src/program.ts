import cluster from 'node:cluster';

/** What is bundled: a worker of a supervisor, or the server itself. */
void (cluster.isWorker ? import('./worker.js') : import('./server.js'));
