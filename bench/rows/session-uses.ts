import pg from 'pg';
import type { BenchDatabase } from '../database/bench-postgres.js';

/**
 * The use of a session is noted once a minute. In steady use, the sessions of everybody fall due spread over the minute,
 * not all at once because the benchmark has been busy elsewhere.
 */
export async function spreadLastUses({ url }: BenchDatabase, people: number[]): Promise<void> {
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    await db.query(
      `UPDATE credentials SET last_used_at = now() - random() * interval '1 minute'
       WHERE directory_id = 0 AND user_id = ANY ($1) AND kind = 'session'`,
      [people],
    );
  } finally {
    await db.end();
  }
}
