import { readEnvironment } from '../../dist/src/config/environment.js';
import { createLogger, logOutput } from '../../dist/src/logging/logger.js';
import { Supervisor } from '../../dist/src/workers/supervisor.js';

/** The server as several processes on a database that is there, with little patience for workers that give no sign of life. */
const configuration = readEnvironment(process.env);
const supervisor = new Supervisor(
  configuration,
  createLogger(configuration.logLevel, await logOutput()),
  new URL('../../dist/src/main.js', import.meta.url),
  { turnMs: 500, silentTurnsMax: 8, startTurnsMax: 60 },
);
process.on('SIGTERM', () => void supervisor.stop(10_000).then(() => process.exit(0)));
await supervisor.start();
process.stdout.write('Tollgate is ready.\n');
