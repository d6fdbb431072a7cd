import cluster from 'node:cluster';
import type { Configuration } from './config/configuration.js';
import { createServer } from './http-server.js';
import { listen } from './listen.js';
import { createLogger, logOutput } from './logging/logger.js';
import { Metrics } from './operations/metrics.js';
import { Shutdown } from './shutdown.js';
import { problemsOf } from './start-errors.js';
import { SupervisorLink, type Duties } from './workers/supervisor-link.js';

/** One of several processes that serve behind one port; `server.ts` starts them and has prepared everything. */

const shutdown = new Shutdown();
/** Nothing before it serves. */
let reportMetrics: Duties['reportMetrics'] = () => Promise.resolve([]);

const supervisor = new SupervisorLink({
  serve: (configuration) => void serve(configuration).catch(giveUp),
  drain: (reason) => shutdown.begin(reason),
  reportMetrics: () => reportMetrics(),
});
// Node would end a worker whose supervisor was killed at once, in the middle of requests.
cluster.worker!.once('disconnect', () => (cluster.worker!.exitedAfterDisconnect = true));

async function serve(configuration: Configuration): Promise<void> {
  const logged = await logOutput(true);
  const logger = createLogger(configuration.logLevel, logged);
  shutdown.watch(logger);
  const app = await createServer(configuration, logger, logged);
  shutdown.add(() => app.close());
  const metrics = app.get(Metrics);
  reportMetrics = () =>
    metrics.registry.getMetricsAsJSON().catch((error: unknown) => {
      logger.error({ err: error }, 'could not report the metrics');
      return undefined;
    });
  metrics.gatherFrom(() => supervisor.askMetrics());
  await listen(app, configuration);
  await supervisor.tell({ kind: 'serving' });
}

async function giveUp(error: unknown): Promise<void> {
  await supervisor.tell({ kind: 'not-serving', problems: problemsOf(error) });
  process.exit(1);
}
