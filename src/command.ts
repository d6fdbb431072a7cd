import { readEnvironment } from './config/environment.js';
import { useEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { explain } from './start-errors.js';

/**
 * Runs a command-line tool on the configured database, or on the embedded one, which is started for it if no server is
 * running. Sets the exit code to what `work` answers; a problem of the operator is told in a line, with exit code 1.
 */
export async function runCommand(
  variables: NodeJS.ProcessEnv,
  work: (databaseUrl: string) => Promise<number>,
): Promise<void> {
  try {
    process.exitCode = await withDatabase(variables, work);
  } catch (error) {
    process.stderr.write(`${explain(error).join('\n')}\n`);
    process.exitCode = 1;
  }
}

async function withDatabase(variables: NodeJS.ProcessEnv, work: (url: string) => Promise<number>): Promise<number> {
  // No tool signs anything, so none needs the key that a server on DATABASE_URL does.
  const { databaseUrl, dataDir } = readEnvironment({ SECRET_KEY: 'x'.repeat(32), ...variables });
  const embedded = databaseUrl ? undefined : await useEmbeddedPostgres({ dataDir });
  try {
    return await work(databaseUrl ?? embedded!.url);
  } finally {
    await embedded?.stop();
  }
}
