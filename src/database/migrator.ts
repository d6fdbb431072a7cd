import type { DataSource } from 'typeorm';

/** The database is not one that Tollgate can run on. */
export class UnsuitableDatabase extends Error {}

const SERVER_VERSION_MIN = 150_000;
/** Any number that nobody else uses on this database. */
const MIGRATION_LOCK = 7_086_554_283;

/**
 * Brings the schema up to date. Several processes may call it at once: one migrates while the others wait.
 *
 * @throws UnsuitableDatabase when the server is older than PostgreSQL 15
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  // A lock of the session, on a connection of its own: each migration commits by itself, and the lock must outlive them.
  const session = dataSource.createQueryRunner();
  try {
    const [version] = (await session.query(`SELECT current_setting('server_version_num')::int AS number`)) as [
      { number: number },
    ];
    if (version.number < SERVER_VERSION_MIN) {
      throw new UnsuitableDatabase('The database server is too old: Tollgate needs PostgreSQL 15 or later.');
    }
    await session.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await session.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await session.release();
  }
}
