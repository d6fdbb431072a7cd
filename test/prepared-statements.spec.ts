import fc from 'fast-check';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { isDatabaseUnavailable, isRefusedByDatabase } from '../src/database/database-errors.js';
import { PreparedStatements, type Statement } from '../src/database/prepared-statements.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** Our own way through the driver, on a real database. */

let database: TestDatabase;
let dataSource: DataSource;
let statements: PreparedStatements;

beforeAll(async () => {
  database = await createTestDatabase();
  const extra = { query_timeout: 2_000 };
  dataSource = new DataSource({ type: 'postgres', driver: pg, url: database.url, poolSize: 1, extra });
  await dataSource.initialize();
  statements = new PreparedStatements(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const ECHO: Statement = {
  name: 'echo',
  text: 'SELECT text, number FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS it (text, number, place) ORDER BY place',
};
const processId = async () => {
  const [[id]] = (await statements.run({ name: 'process id', text: 'SELECT pg_backend_pid()' }, [])) as [[string]];
  return id;
};

// PostgreSQL takes neither NUL nor half of a surrogate pair.
const storable = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed() && !text.includes('\0'));
const awkward = fc.constantFrom('', 'NULL', 'null', '"', '\\', '{}', ',', ' ', '\\"', '\n', '{"a":1}', "'", '😀');

it('brings any texts and numbers there and back', async () => {
  const number = fc.maxSafeInteger();
  const pair = fc.tuple(fc.oneof(storable, awkward), number);
  await fc.assert(
    fc.asyncProperty(fc.array(pair), async (pairs) => {
      const rows = await statements.run(ECHO, [pairs.map(([text]) => text), pairs.map(([, it]) => it)]);
      expect(rows).toEqual(pairs.map(([text, it]) => [text, String(it)]));
    }),
  );
});

it('takes parameters that are no lists, and tells NULL from an empty text', async () => {
  const statement = { name: 'single', text: `SELECT $1::text, $2::int + 1, NULL, '', true, NULLIF($1, $1)` };
  expect(await statements.run(statement, ['{"a"}', 41])).toEqual([['{"a"}', '42', null, '', 't', null]]);
});

it('is parsed once per connection', async () => {
  const statement = { name: 'counted', text: `SELECT count(*) FROM pg_prepared_statements WHERE name = 'counted'` };
  const parsedAt = {
    name: 'parsed at',
    text: `SELECT prepare_time FROM pg_prepared_statements WHERE name = 'counted'`,
  };
  expect(await statements.run(statement, [])).toEqual([['1']]);
  const first = await statements.run(parsedAt, []);
  expect(first).toHaveLength(1);
  expect(await statements.run(statement, [])).toEqual([['1']]);
  expect(await statements.run(parsedAt, [])).toEqual(first);
});

it('does not run another statement of the same name', async () => {
  expect(await statements.run({ name: 'one', text: 'SELECT 1' }, [])).toEqual([['1']]);
  await expect(statements.run({ name: 'one', text: 'SELECT 2' }, [])).rejects.toMatchObject({ code: '42P05' });
});

it('fails with what the database says, and works again after it', async () => {
  const divide = { name: 'divide', text: 'SELECT 6 / $1::int' };
  expect(await statements.run(divide, [3])).toEqual([['2']]);
  const failure: unknown = await statements.run(divide, [0]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: '22012', message: 'division by zero' });
  expect(isRefusedByDatabase(failure)).toBe(true);
  expect(await statements.run(divide, [2])).toEqual([['3']]);
});

it('fails with a text that cannot be stored, and with a statement that makes no sense', async () => {
  await expect(statements.run(ECHO, [['a\0'], [1]])).rejects.toMatchObject({ code: '22021' });
  await expect(statements.run({ name: 'nonsense', text: 'SELEKT' }, [])).rejects.toMatchObject({ code: '42601' });
  await expect(statements.run({ name: 'nonsense', text: 'SELEKT' }, [])).rejects.toMatchObject({ code: '42601' });
  expect(await statements.run(ECHO, [['a'], [1]])).toEqual([['a', '1']]);
});

it('gives no rows of a statement that failed halfway', async () => {
  const halfway = { name: 'halfway', text: 'SELECT 1 / (3 - i) FROM generate_series(1, $1::int) AS i' };
  expect(await statements.run(halfway, [2])).toEqual([['0'], ['1']]);
  await expect(statements.run(halfway, [3])).rejects.toMatchObject({ code: '22012' });
});

it('fails when its connection ends, and the next one has another', async () => {
  const before = await processId();
  const sleeping = statements.run({ name: 'sleep', text: 'SELECT pg_sleep($1)' }, [30]);
  const ended = database.query('SELECT pg_terminate_backend($1) FROM pg_sleep(0.2)', [before]);
  const failure: unknown = await sleeping.catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: '57P01' });
  expect(isDatabaseUnavailable(failure)).toBe(true);
  await ended;
  expect(await processId()).not.toBe(before);
});

it('fails when the database does not answer in time, and the next one has another connection', async () => {
  const before = await processId();
  const failure: unknown = await statements
    .run({ name: 'sleep', text: 'SELECT pg_sleep($1)' }, [5])
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: 'Query read timeout' });
  expect(isDatabaseUnavailable(failure)).toBe(true);
  expect(await processId()).not.toBe(before);
});

it('runs beside what the driver asks itself', async () => {
  const rows = await Promise.all([
    statements.run(ECHO, [
      ['a', 'b'],
      [1, 2],
    ]),
    dataSource.query('SELECT 1 AS one'),
    statements.run(ECHO, [['c'], [3]]),
  ]);
  expect(rows).toEqual([
    [
      ['a', '1'],
      ['b', '2'],
    ],
    [{ one: 1 }],
    [['c', '3']],
  ]);
});
