import pg from 'pg';
import { eventually } from './smtp-server.js';
import type { TestDatabase } from './test-database.js';

/**
 * What `call` answers when it has to wait for a lock that another session takes by `work`. The other session commits once
 * the server waits for it, and after `meanwhile`.
 */
export async function afterWaiting<Answer>(
  database: TestDatabase,
  work: (other: pg.Client) => Promise<unknown>,
  call: () => Promise<Answer>,
  meanwhile?: (other: pg.Client) => Promise<unknown>,
): Promise<Answer> {
  const other = new pg.Client(database.url);
  await other.connect();
  try {
    await other.query('BEGIN');
    await work(other);
    const commit = async () => {
      await eventually(async () => (await lockedOut(database)) === 1);
      await meanwhile?.(other);
      await other.query('COMMIT');
    };
    const [answer] = await Promise.all([call(), commit()]);
    return answer;
  } finally {
    await other.end();
  }
}

/** Sessions of the server that wait for somebody's lock, whatever it is on. */
export async function lockedOut(database: TestDatabase): Promise<number> {
  const rows = await database.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'tollgate' AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

/** Sessions that wait for this very table. Another database may have one of the same oid. */
export async function waitingForTable(database: TestDatabase, table: string): Promise<number> {
  const rows = await database.query(
    `SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [table],
  );
  return rows.length;
}
