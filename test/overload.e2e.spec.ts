import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { LIMITS } from '../src/batching/batcher.js';
import { dataSourceOptions } from '../src/data-source.js';
import { TokensService } from '../src/tokens/tokens.service.js';
import type { Reply } from './support/client.js';
import { lockedOut } from './support/lock.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';
import { createTestDatabase } from './support/test-database.js';

/** A database that answers late, or has no connection left. */

/** How long a statement may take here: less than in the product, and longer than anybody waits for a connection. */
const STATEMENT_MS = 8_000;
const { poolSize, connectTimeoutMS } = dataSourceOptions('') as { poolSize: number; connectTimeoutMS: number };
/** Of a request that waits for its turn, for a connection and for a statement, in the guard and again after it. */
const BOUND_MS = 2 * (LIMITS.patienceMs + connectTimeoutMS + STATEMENT_MS);
const MANY = 100;

let app: TestApp;
let user: TestUser;
/** Holds what others wait for. */
let other: pg.Client;

beforeAll(async () => {
  const database = await createTestDatabase();
  const url = new URL(database.url);
  url.searchParams.set('statement_timeout', String(STATEMENT_MS));
  app = await TestApp.start({ databaseUrl: url.href }, database);
  user = await app.aUser();
  other = new pg.Client(database.url);
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await app.stop();
});
afterEach(() => jest.restoreAllMocks());

const client = () => app.client({ 'x-api-key': user.apiKey });
const login = () => app.client().post('/api/v1/users/login', { email: user.email, password: PASSWORD });
const charge = () => client().post('/api/credits/charges/', { amount: 1, operation: 'test' });
const rename = () => client().post('/api/v1/users/profile/update', { name: 'Renamed' });
const CALLS: (() => Promise<Reply>)[] = [
  () => client().get('/api/users/me/'),
  () => client().post('/v1/user/Read', { id: 'nobody' }),
  charge,
  rename,
  login,
];

const status = async (path: string) => (await app.client().get(path)).status;
const chargesInLedger = async () => (await app.database.query(`SELECT 1 FROM entries WHERE kind = 'charge'`)).length;
const nameNow = async () =>
  (await app.database.query<{ name: string }>('SELECT name FROM users WHERE id = $1', [user.id]))[0]!.name;

/** Many requests at once while the other session holds the lock, and what `meanwhile` finds out once `count` sessions wait for it. */
async function whileLocked<Found>(
  lock: string,
  call: (i: number) => Promise<Reply>,
  count: number,
  meanwhile: () => Promise<Found>,
) {
  await other.query('BEGIN');
  try {
    await other.query(lock);
    const startedAt = performance.now();
    const asked = Promise.all(Array.from({ length: MANY }, (_, i) => call(i)));
    await eventually(async () => (await lockedOut(app.database)) >= count);
    const found = await meanwhile();
    const replies = await asked;
    return { replies, found, tookMs: performance.now() - startedAt };
  } finally {
    await other.query('ROLLBACK');
  }
}

function expectAllTurnedAway(replies: Reply[]): void {
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]));
  expect(replies.filter(({ headers }) => !/^[1-9]\d*$/.test(headers.get('retry-after') ?? ''))).toEqual([]);
}

async function expectEverythingWorks(): Promise<void> {
  expect(await status('/health/ready')).toBe(200);
  const replies = await Promise.all(CALLS.map((call) => call()));
  expect(replies.map(({ status }) => status)).toEqual([200, 404, 201, 200, 200]);
}

it('checklist 66: while what the guard reads is locked, everybody is turned away in time, and nothing is done after all', async () => {
  const before = await chargesInLedger();
  const { replies, found, tookMs } = await whileLocked(
    'LOCK TABLE credentials, users',
    (i) => CALLS[i % CALLS.length]!(),
    1,
    () => Promise.all([status('/health/live'), status('/health/ready')]),
  );
  expectAllTurnedAway(replies);
  expect(tookMs).toBeLessThan(BOUND_MS);
  // There are connections left: to be ready is to reach the database.
  expect(found).toEqual([200, 200]);
  expect(await chargesInLedger()).toBe(before);
  expect(await nameNow()).not.toBe('Renamed');
  await expectEverythingWorks();
});

it('checklist 66: while slow statements have all connections, it is alive and not ready, and everybody is turned away in time', async () => {
  const linesBefore = app.logLines.length;
  await app.database.query(`UPDATE users SET name = 'Before' WHERE id = $1`, [user.id]);
  const { replies, found, tookMs } = await whileLocked(
    `SELECT FROM users WHERE id = ${user.id} FOR UPDATE`,
    rename,
    poolSize,
    () => Promise.all([status('/health/live'), status('/health/ready')]),
  );
  expect(found).toEqual([200, 503]);
  expectAllTurnedAway(replies);
  expect(tookMs).toBeLessThan(BOUND_MS);
  // Who waited for a connection did so for less long than a slow statement takes.
  const reasons = app.logLines.slice(linesBefore).join('\n');
  expect(reasons).toContain('timeout exceeded when trying to connect');
  expect(reasons).toContain('canceling statement due to statement timeout');
  expect(await nameNow()).toBe('Before');
  await expectEverythingWorks();
  expect(await nameNow()).toBe('Renamed');
});

it('checklist 65: whose connection ends between two statements of a transaction is told to ask again', async () => {
  const tokens = app.nest.get(TokensService);
  const openSession = tokens.openSession.bind(tokens);
  jest.spyOn(tokens, 'openSession').mockImplementationOnce(async (tx, ...rest) => {
    const [session] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    await app.database.query('SELECT pg_terminate_backend($1)', [session!.pid]);
    await eventually(() => tx.queryRunner!.isReleased);
    return openSession(tx, ...rest);
  });
  expectAllTurnedAway([await login()]);
  expect((await login()).status).toBe(200);
});

it('the server ends a slow statement before its caller is told that it failed', async () => {
  const options = dataSourceOptions(app.database.url);
  const dataSource = await new DataSource(options).initialize();
  const [row] = await dataSource.query<{ statement_timeout: string }[]>('SHOW statement_timeout');
  await dataSource.destroy();
  const { query_timeout } = options.extra as { query_timeout: number };
  expect(row).toEqual({ statement_timeout: '25s' });
  expect(query_timeout).toBeGreaterThan(25_000);
});
