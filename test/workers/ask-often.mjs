import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { setImmediate as turn } from 'node:timers/promises';
import { WorkerProcess } from '../../dist/src/workers/worker-process.js';

/** Asks a worker for its metrics, and tells on standard output how many reports are still there afterwards. Wants `--expose-gc`. */
cluster.setupPrimary({ exec: fileURLToPath(new URL('program.mjs', import.meta.url)) });
const worker = new WorkerProcess({});
await worker.serving;
const reports = [];
for (let question = 1; question <= 50; question++) {
  reports.push(new WeakRef(await worker.reportMetrics(question, 60_000)));
}
await turn();
globalThis.gc();
process.stdout.write(String(reports.filter((report) => report.deref()).length));
worker.kill();
await worker.ended;
