import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RegistrationService } from './auth/registration.service.js';
import type { Configuration, Environment } from './config/configuration.js';
import { ConfigurationError, readEnvironment } from './config/environment.js';
import { secretKeyFromFile } from './config/secret-key-file.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { createServer } from './http-server.js';
import { createLogger } from './logging/logger.js';
import { Shutdown } from './shutdown.js';
import { explain } from './start-errors.js';
import { announce, announceAdministrator } from './start-message.js';

const shutdown = new Shutdown();

try {
  await start();
} catch (error) {
  for (const line of explain(error)) {
    process.stderr.write(`${line}\n`);
  }
  await shutdown.run();
  process.exit(1);
}

async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  const logger = createLogger(environment.logLevel);
  shutdown.watch(process, logger);

  const { database, ...supplied } = await supplyMissing(environment);
  const configuration: Configuration = { ...environment, ...supplied };
  const app = await createServer(configuration, logger);
  shutdown.add('server', () => app.close());

  const administrator = await app.get(RegistrationService).ensureAdministrator();
  if (administrator) {
    // At once: it cannot be told again, and the rest of the start may still fail.
    announceAdministrator(administrator);
  }
  await listen(app, configuration);
  announce(configuration, database);
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

async function startDatabase(dataDir: string): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres({
    dataDir,
    onNotice: (line) => process.stdout.write(`tollgate: ${line}\n`),
  });
  shutdown.add('database', () => database.stop());
  return database;
}

async function listen(app: NestFastifyApplication, { port, host }: Configuration): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ConfigurationError([`Port ${port} on ${host} is taken by another program. Set PORT to a free one.`]);
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigurationError([`Cannot listen on ${host}, port ${port} (${code}). Set HOST and PORT.`]);
    }
    throw error;
  }
}
