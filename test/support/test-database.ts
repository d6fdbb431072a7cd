import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of a test file's own: a clone of the migrated template, or an empty one. */
export interface TestDatabase {
  url: string;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = empty ? 'template1' : process.env.TOLLGATE_TEST_TEMPLATE!;
  await onServer((admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));

  const url = new URL(process.env.TOLLGATE_TEST_SERVER!);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2, types: { getTypeParser } });
  pool.on('error', () => undefined); // Tests end connections on purpose.
  return {
    url: url.href,
    query: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await pool.query<Row>(text, values)).rows,
    drop: async () => {
      await pool.end();
      await onServer(async (admin) => {
        await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user`,
          [name],
        );
        // Not WITH (FORCE): that one refuses, for any role but a superuser, when an autovacuum worker is there.
        await admin.query(`DROP DATABASE ${name}`);
      });
    },
  };
}

/** bigint as numbers, as the server reads them. */
const getTypeParser: typeof pg.types.getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === 20 ? Number : (pg.types.getTypeParser(oid, format) as unknown)) as never;

export async function onServer<Result>(work: (admin: pg.Client) => Promise<Result>): Promise<Result> {
  const admin = new pg.Client({ connectionString: process.env.TOLLGATE_TEST_SERVER! });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
