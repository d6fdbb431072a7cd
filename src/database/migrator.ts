import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, QueryFailedError, type DataSourceOptions } from 'typeorm';
import { isLockTimeout } from './database-errors.js';
import { retried } from './transactions.js';

/** The database is not one that Tollgate can run on. */
export class UnsuitableDatabase extends Error {}

const SERVER_VERSION_MIN = 150_000;
/** What graphile-worker installs, by its own count. */
const QUEUE_VERSION = 19;
/** Any number that nobody else uses on this database. */
const MIGRATION_LOCK = 7_086_554_283;
/** Whoever wants a table while we wait for it waits behind us. */
const TABLE_PATIENCE_MS = 2_000;
const PAUSE_MS = 1_000;
const ATTEMPTS_MAX = 60;

/**
 * Asks whether there is anything to migrate, in one round trip; a start of an up-to-date server pays no more.
 *
 * @param dataSource initialized
 */
export async function isMigrated(dataSource: DataSource): Promise<boolean> {
  const names = dataSource.migrations.map(({ name }) => name);
  try {
    const [database] = await dataSource.query<{ is_migrated: boolean }[]>(
      `SELECT current_setting('server_version_num')::int >= $1
          AND (SELECT count(*) FROM migrations WHERE name = ANY ($2)) = $3
          AND (SELECT max(id) FROM graphile_worker.migrations) >= $4 AS is_migrated`,
      [SERVER_VERSION_MIN, names, names.length, QUEUE_VERSION],
    );
    return database!.is_migrated;
  } catch (error) {
    if (error instanceof QueryFailedError) {
      return false; // There are no such tables, or whatever `migrate` will say better.
    }
    throw error;
  }
}

/**
 * Brings the schema up to date, ours and that of the job queue. Several processes may call it at once: one migrates
 * while the others wait.
 *
 * @throws UnsuitableDatabase when the server is older than PostgreSQL 15
 */
export async function migrate(options: DataSourceOptions): Promise<void> {
  // Without the time limit that queries of requests have: a migration takes as long as it takes, once it has its tables.
  const dataSource = await new DataSource({ ...options, extra: { lock_timeout: TABLE_PATIENCE_MS } }).initialize();
  try {
    await checkVersion(dataSource);
    await migrateUnderLock(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function checkVersion(dataSource: DataSource): Promise<void> {
  const [version] = await dataSource.query<{ number: number }[]>(
    `SELECT current_setting('server_version_num')::int AS number`,
  );
  if (version!.number < SERVER_VERSION_MIN) {
    throw new UnsuitableDatabase('The database server is too old: Tollgate needs PostgreSQL 15 or later.');
  }
}

async function migrateUnderLock(dataSource: DataSource): Promise<void> {
  // The lock belongs to a session, on a connection of its own, because it must outlive each migration's transaction.
  const session = dataSource.createQueryRunner();
  try {
    await session.query('SET lock_timeout = 0');
    await session.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await runWhenTablesAreFree(dataSource);
      await installQueue((dataSource.options as { url: string }).url);
    } finally {
      await session.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await session.release();
  }
}

/** Older processes may be at work, and a dump of the database: they are let pass, again and again. */
async function runWhenTablesAreFree(dataSource: DataSource): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await retried(() => dataSource.runMigrations({ transaction: 'each' }));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isLockTimeout(error)) {
        throw error;
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** What the queue has to say goes wrong loudly, or is of no interest. */
async function installQueue(connectionString: string): Promise<void> {
  const { Logger, runMigrations } = await import('graphile-worker');
  await runMigrations({ connectionString, logger: new Logger(() => () => undefined) });
}
