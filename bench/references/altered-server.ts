import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readEnvironment } from '../../src/config/environment.js';
import type { Configuration } from '../../src/config/configuration.js';
import { createServer } from '../../src/http-server.js';
import { createLogger, logOutput } from '../../src/logging/logger.js';
import { setUpV8 } from '../../src/v8-settings.js';

/** The server as `main.ts` and `server.ts` start it, with the same log, but with a part of it done in another way. */
export async function startAltered(
  alter: (app: NestFastifyApplication, configuration: Configuration) => void,
): Promise<void> {
  setUpV8();
  const { databaseUrl, secretKeys, ...environment } = readEnvironment(process.env);
  const configuration: Configuration = { ...environment, databaseUrl: databaseUrl!, secretKeys: secretKeys! };
  const logged = await logOutput();
  const app = await createServer(configuration, createLogger(configuration.logLevel, logged), logged);
  alter(app, configuration);
  await app.listen(configuration.port, configuration.host);
  process.on('SIGTERM', () => void app.close().then(() => process.exit()));
}
