import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';

/** Runs the built server as a worker, as process managers do. */
cluster.setupPrimary({ exec: fileURLToPath(new URL('../../dist/src/main.js', import.meta.url)) });
const worker = cluster.fork();
worker.once('exit', (exitCode) => process.exit(exitCode ?? 1));
process.on('SIGTERM', () => worker.process.kill('SIGTERM'));
