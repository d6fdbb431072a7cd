import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { RegistrationService } from './auth/registration.service.js';
import type { Configuration, Environment } from './config/configuration.js';
import { ConfigurationError, readEnvironment } from './config/environment.js';
import { secretKeyFromFile } from './config/secret-key-file.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { createServer } from './http-server.js';
import { listen } from './listen.js';
import { createLogger, logOutput } from './logging/logger.js';
import { MARGIN_MS, PATIENCE_MS, Shutdown } from './shutdown.js';
import { explain } from './start-errors.js';
import { announce, announceAdministrator, notice } from './start-message.js';

/** Longer than a worker gives its requests: only one that is stuck is killed. */
const WORKER_PATIENCE_MS = PATIENCE_MS + MARGIN_MS;

const shutdown = new Shutdown();

void start().catch(giveUp);

async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  const logged = await logOutput();
  const logger = createLogger(environment.logLevel, logged);
  shutdown.watch(logger);

  const { database, ...supplied } = await supplyMissing(environment);
  const configuration: Configuration = { ...environment, ...supplied };
  const app = await createServer(configuration, logger, logged);
  if (configuration.workers === 1) {
    shutdown.add(() => app.close());
    await ensureAdministrator(app);
    await listen(app, configuration);
  } else {
    await ensureAdministrator(app).finally(() => app.close());
    await startWorkers(configuration, logger);
  }
  announce(configuration, database);
}

async function giveUp(error: unknown): Promise<void> {
  if (shutdown.hasBegun) {
    // Told to end in the middle of the start: what fails because of that is no news.
    return;
  }
  for (const line of explain(error)) {
    process.stderr.write(`${line}\n`);
  }
  await shutdown.run();
  process.exit(1);
}

async function ensureAdministrator(app: NestFastifyApplication): Promise<void> {
  const administrator = await app.get(RegistrationService).ensureAdministrator();
  if (administrator) {
    // At once: it cannot be told again, and the rest of the start may still fail.
    announceAdministrator(administrator);
  }
}

/** Everything that happens once has happened by now; this process holds the port, and they serve. */
async function startWorkers(configuration: Configuration, logger: Logger): Promise<void> {
  const { Supervisor } = await import('./workers/supervisor.js');
  const supervisor = new Supervisor(configuration, logger, new URL('./main.js', import.meta.url));
  shutdown.add(() => supervisor.stop(WORKER_PATIENCE_MS), WORKER_PATIENCE_MS + MARGIN_MS);
  await supervisor.start();
}

/** What the operator left open: the embedded database, and the key in its data folder. */
async function supplyMissing({ databaseUrl, secretKeys, dataDir }: Environment) {
  if (databaseUrl && secretKeys) {
    return { databaseUrl, secretKeys, database: undefined };
  }
  // The key first: once there is a database, there is a key to it, whenever we are killed.
  const keyFile = secretKeys ? undefined : await secretKeyFromFile(dataDir);
  const database = await startDatabase(dataDir);
  if (keyFile?.isNew && !database.isNew) {
    await keyFile.discard();
    throw new ConfigurationError([
      `The database in ${database.folder} was made with a key that is no longer in ${dataDir}. ` +
        'Put its secret.key back, or set SECRET_KEY.',
    ]);
  }
  return { databaseUrl: database.url, secretKeys: secretKeys ?? ([keyFile!.key] as [string]), database };
}

function startDatabase(dataDir: string): Promise<EmbeddedPostgres> {
  const starting = startEmbeddedPostgres({
    dataDir,
    onNotice: notice,
  });
  // Already now: whoever ends us in the middle of the start leaves no database behind.
  shutdown.add(() =>
    starting.then(
      (database) => database.stop(),
      () => undefined,
    ),
  );
  return starting;
}
