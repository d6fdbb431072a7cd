import { jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { UsersService } from '../src/users/users.service.js';
import { TestApp } from './support/test-app.js';

/** Lists of directories of any length: exact, whatever happens at the same time, and as cheap at the end as at the start. */

const OFFSET_MAX = '9223372036854775807';

let app: TestApp;
let users: UsersService;
let directories = 1000;
/** Runs the text as a single statement over the test's own connections. */
const sql = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => app.database.query<Row>(text, values);

beforeAll(async () => {
  app = await TestApp.start();
  users = app.nest.get(UsersService);
});
afterAll(() => app.stop());
afterEach(async () => expect(await wrongCounts()).toEqual([]));

/** Blocks whose count is not the number of their users. */
const wrongCounts = () =>
  sql(`
    SELECT directory_id, shift, block, counted, actual
    FROM (
      SELECT directory_id, shift, id >> shift AS block, count(*) AS actual
      FROM users CROSS JOIN unnest('{24, 16, 8}'::int[]) AS shift GROUP BY 1, 2, 3
    ) AS u
    FULL JOIN (
      SELECT directory_id, shift, block, sum(users) AS counted FROM user_counts GROUP BY 1, 2, 3
    ) AS c USING (directory_id, shift, block)
    WHERE coalesce(counted, 0) <> coalesce(actual, 0)`);

const countRows = (directoryId: number) =>
  sql<{ shift: number; users: number }>(
    'SELECT shift, users FROM user_counts WHERE directory_id = $1 ORDER BY shift, block, slot',
    [directoryId],
  );

const INSERT = `
  INSERT INTO users (directory_id, external_id, email, email_as_given)
  SELECT $1, $2 || '-' || i, $2 || '-' || i || '@example.com', '' FROM generate_series(1, $3::int) AS i`;

const idsFrom = (first: bigint, count: number) => Array.from({ length: count }, (_, i) => first + BigInt(i));

let names = 0;
const insert = (directoryId: number, count: number) => sql(INSERT, [directoryId, `n${++names}`, count]);
/** As where a directory has grown slowly among others. */
const insertWithIds = (directoryId: number, ids: bigint[]) =>
  sql(
    `INSERT INTO users (directory_id, id, external_id, email, email_as_given) OVERRIDING SYSTEM VALUE
     SELECT $1, id, id, id || '@example.com', '' FROM unnest($2::bigint[]) AS id ON CONFLICT DO NOTHING`,
    [directoryId, ids.map(String)],
  );

async function ordinaryPage(directoryId: number, limit: number, offset: number): Promise<number[]> {
  const rows = await sql<{ id: number }>(
    'SELECT id FROM users WHERE directory_id = $1 ORDER BY id LIMIT $2 OFFSET $3',
    [directoryId, limit, offset],
  );
  return rows.map(({ id }) => id);
}
const page = async (directoryId: number, limit: number, offset: number) =>
  (await users.list(directoryId, { limit, offset })).map(({ userId }) => userId);

/** As many sessions as that, each with a connection of its own. */
async function withSessions<Result>(count: number, work: (sessions: pg.Client[]) => Promise<Result>): Promise<Result> {
  const sessions = Array.from({ length: count }, () => new pg.Client({ connectionString: app.database.url }));
  await Promise.all(sessions.map((session) => session.connect()));
  try {
    return await work(sessions);
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

it('any page is what passing over the users one by one would give', async () => {
  const directory = fc.integer({ min: 0, max: 2 });
  const someIds = fc.uniqueArray(
    fc.oneof(
      fc.bigInt({ min: 1_000_000n, max: 1_002_000n }),
      fc.bigInt({ min: 1_000_000n, max: 300_000_000n }),
      fc.bigInt({ min: 1_000_000n, max: 2n ** 50n }),
    ),
    { minLength: 1, maxLength: 40 },
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), directory, ids: someIds }),
    fc.record({ kind: fc.constant('append' as const), directory, count: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ kind: fc.constant('thin out' as const), directory, modulus: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('delete a range' as const), directory, from: fc.integer({ min: 0, max: 300 }) }),
  );
  const parts = fc.array(
    fc.record({ limit: fc.integer({ min: 1, max: 300 }), offset: fc.integer({ min: 0, max: 900 }) }),
    {
      minLength: 3,
      maxLength: 3,
    },
  );

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), parts, async (steps, looks) => {
      const first = directories + 1;
      directories += 3;
      for (const change of steps) {
        const id = first + change.directory;
        switch (change.kind) {
          case 'insert':
            await insertWithIds(id, change.ids);
            break;
          case 'append':
            await insert(id, change.count);
            break;
          case 'thin out':
            await sql('DELETE FROM users WHERE directory_id = $1 AND id % $2 = 0', [id, change.modulus]);
            break;
          case 'delete a range':
            await sql(
              `DELETE FROM users WHERE directory_id = $1 AND id IN (
                 SELECT id FROM users WHERE directory_id = $1 ORDER BY id OFFSET $2 LIMIT 200)`,
              [id, change.from],
            );
            break;
        }
      }
      for (const id of [first, first + 1, first + 2]) {
        for (const { limit, offset } of looks) {
          expect(await page(id, limit, offset)).toEqual(await ordinaryPage(id, limit, offset));
        }
      }
      expect(await wrongCounts()).toEqual([]);
    }),
    { numRuns: 30 },
  );
}, 60_000);

it('50 transactions add users to one directory, and none of them waits for another', async () => {
  const directoryId = ++directories;
  await insert(directoryId, 10);
  await withSessions(50, async (sessions) => {
    await Promise.all(
      sessions.map(async (session, i) => {
        await session.query(`BEGIN; SET LOCAL lock_timeout = '3s'`);
        await session.query(INSERT, [directoryId, `open${i}`, 1 + (i % 3)]);
      }),
    );
    // All of them have done their work, and none has committed.
    expect(await page(directoryId, 1000, 0)).toHaveLength(10);
    expect(await page(directoryId, 1000, 10)).toEqual([]);
    await Promise.all(sessions.map((session, i) => session.query(i % 5 === 0 ? 'ROLLBACK' : 'COMMIT')));
  });

  const all = await ordinaryPage(directoryId, 1000, 0);
  expect(all.length).toBeGreaterThan(10 + 40);
  for (const offset of [0, 1, all.length - 1, all.length]) {
    expect(await page(directoryId, 1000, offset)).toEqual(all.slice(offset));
  }
  expect(await wrongCounts()).toEqual([]);
});

it('what many transactions have counted apart is put together by the next one', async () => {
  const directoryId = ++directories;
  // In one block of each size, so that what is left can be told exactly.
  const [next, ...ids] = idsFrom(2n ** 24n, 9);
  await withSessions(8, async (sessions) => {
    for (const [i, session] of sessions.entries()) {
      await session.query('BEGIN');
      await session.query(
        `INSERT INTO users (directory_id, id, external_id, email, email_as_given) OVERRIDING SYSTEM VALUE
         VALUES ($1, $2::bigint, $2::bigint, $2::bigint || '@example.com', '')`,
        [directoryId, String(ids[i])],
      );
    }
    await Promise.all(sessions.map((session) => session.query('COMMIT')));
  });
  expect(await countRows(directoryId)).toHaveLength(3 * 8);

  await insertWithIds(directoryId, [next!]);
  expect(await countRows(directoryId)).toEqual([8, 16, 24].map((shift) => ({ shift, users: 9 })));
});

it('50 sessions create and delete at once: no deadlock, every count exact, the pages one list', async () => {
  const directoryId = ++directories;
  await insert(directoryId, 600);
  await withSessions(50, (sessions) =>
    Promise.all(
      sessions.map(async (session, i) => {
        for (let round = 0; round < 8; round++) {
          await session.query('BEGIN');
          await session.query(INSERT, [directoryId, `storm${i}-${round}`, 1 + ((i + round) % 4)]);
          // Rows that somebody else deletes at the moment are passed over: what is tested are the counts.
          await session.query(
            `DELETE FROM users WHERE directory_id = $1 AND id IN (
               SELECT id FROM users WHERE directory_id = $1 AND id % 50 = $2 ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)`,
            [directoryId, (i + round) % 50],
          );
          await session.query(round % 4 === 3 ? 'ROLLBACK' : 'COMMIT');
        }
      }),
    ),
  );

  const all = await ordinaryPage(directoryId, 10_000, 0);
  const pages: number[] = [];
  for (let offset = 0; offset < all.length; offset += 90) {
    pages.push(...(await page(directoryId, 90, offset)));
  }
  expect(pages).toEqual(all);
  expect(await wrongCounts()).toEqual([]);
}, 60_000);

it('a page is one moment of the list, while users before it come and go', async () => {
  const directoryId = ++directories;
  // One user goes and another comes in the same transaction, in different blocks, both before the page: it never moves.
  const [here, there] = [2n ** 30n, 2n ** 30n + 256n];
  const others = [...idsFrom(here + 1n, 199), ...idsFrom(there + 1n, 199)];
  await insertWithIds(directoryId, [here, ...others]);
  const expected = await page(directoryId, 3, 300);
  expect(expected).toEqual(others.slice(299, 302).map(Number));

  let isOver = false;
  let moves = 0;
  const churn = withSessions(1, async ([session]) => {
    for (; !isOver; moves++) {
      const [gone, come] = moves % 2 === 0 ? [here, there] : [there, here];
      await session!.query(
        `WITH gone AS (DELETE FROM users WHERE directory_id = $1 AND id = $2)
         INSERT INTO users (directory_id, id, external_id, email, email_as_given) OVERRIDING SYSTEM VALUE
         VALUES ($1, $3::bigint, $3::bigint, $3::bigint || '@example.com', '')`,
        [directoryId, String(gone), String(come)],
      );
    }
  });
  for (let looks = 0; looks < 4000; looks++) {
    expect(await page(directoryId, 3, 300)).toEqual(expected);
  }
  isOver = true;
  await churn;
});

it('a deleted directory leaves no counts, whether it goes at once or a few at a time', async () => {
  for (const chunk of [10_000, 70]) {
    const directoryId = ++directories;
    await insert(directoryId, 700);
    const remaining = async () => (await ordinaryPage(directoryId, 10_000, 0)).length;
    for (let before = await remaining(); before > 0; before = await remaining()) {
      await sql(
        `DELETE FROM users WHERE directory_id = $1 AND id IN (SELECT id FROM users WHERE directory_id = $1 LIMIT $2)`,
        [directoryId, chunk],
      );
      expect(await page(directoryId, 1000, 100)).toEqual(await ordinaryPage(directoryId, 1000, 100));
    }
    expect(await countRows(directoryId)).toEqual([]);
  }
});

it('users that came past the triggers are counted by a rebuild', async () => {
  const directoryId = ++directories;
  await insert(directoryId, 30);
  await sql('ALTER TABLE users DISABLE TRIGGER USER');
  await insert(directoryId, 30);
  await sql('ALTER TABLE users ENABLE TRIGGER USER');
  expect(await page(directoryId, 10, 50)).toEqual([]);

  await sql('SELECT user_counts_rebuild()');
  expect(await page(directoryId, 10, 50)).toEqual(await ordinaryPage(directoryId, 10, 50));
});

describe('among 200,000 users', () => {
  const COUNT = 200_000;
  const dense = ++directories;
  const sparse = ++directories;

  beforeAll(async () => {
    // One transaction cannot have that many locks of names.
    await sql('ALTER TABLE users DISABLE TRIGGER users_refuse_foreign_name');
    await insert(dense, COUNT);
    await sql(
      `INSERT INTO users (directory_id, id, external_id, email, email_as_given, username) OVERRIDING SYSTEM VALUE
       SELECT $1, 1e9 + i * 100, i, i || '@example.com', '', 'name' || i FROM generate_series(1, $2::int) AS i`,
      [sparse, COUNT],
    );
    await sql('ALTER TABLE users ENABLE TRIGGER users_refuse_foreign_name');
    await sql('VACUUM ANALYZE users');
  }, 60_000);

  interface Plan {
    'Shared Hit Blocks': number;
    'Shared Read Blocks': number;
    'Actual Rows': number;
  }
  /** How many pages of the database the service's own statement looks at. */
  async function pagesTouched(directoryId: number, limit: number, offset: number) {
    const query = jest.spyOn(pg.Client.prototype, 'query');
    await users.list(directoryId, { limit, offset });
    // Upkeep may ask something at the same time.
    const calls = query.mock.calls as unknown as [string, unknown[]][];
    const [text, values] = calls.find(([asked]) => String(asked).includes('users_id_at'))!;
    query.mockRestore();
    return explain(text, values);
  }

  async function explain(text: string, values: unknown[]): Promise<{ pages: number; rows: number }> {
    const [row] = await sql<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
      values,
    );
    const { Plan: plan } = row!['QUERY PLAN'][0]!;
    return { pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], rows: plan['Actual Rows'] };
  }

  it.each([
    ['without gaps between ids', 1, dense],
    ['without gaps between ids', 25, dense],
    ['without gaps between ids', 1000, dense],
    ['spread over 20,000,000 ids', 1, sparse],
    ['spread over 20,000,000 ids', 25, sparse],
    ['spread over 20,000,000 ids', 1000, sparse],
  ])('%s, in pages of %i: none costs more than five times the first one', async (_, limit, directoryId) => {
    const first = await pagesTouched(directoryId, limit, 0);
    expect(first.rows).toBe(limit);
    for (const offset of [
      999,
      65_535,
      COUNT / 2,
      COUNT - limit - 1,
      COUNT - 1,
      COUNT,
      COUNT * 10,
      Number.MAX_SAFE_INTEGER,
    ]) {
      const deep = await pagesTouched(directoryId, limit, offset);
      expect(deep.rows).toBe(Math.max(0, Math.min(limit, COUNT - offset)));
      expect(deep.pages).toBeLessThanOrEqual(5 * first.pages);
    }
  });

  it('checklist 46: a page is the right one, and beyond the end there is none', async () => {
    for (const offset of [0, 65_535, COUNT - 30]) {
      expect(await page(sparse, 50, offset)).toEqual(await ordinaryPage(sparse, 50, offset));
    }
    const [beyond] = await sql(`SELECT users_id_at($1, $2) AS id`, [sparse, OFFSET_MAX]);
    expect(beyond).toEqual({ id: null });
  });
});
