import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import bcrypt from 'bcrypt';
import { HashingQueue } from '../src/auth/passwords/hashing-queue.js';
import { HashingThreads } from '../src/auth/passwords/hashing-threads.js';
import type { Configuration } from '../src/config/configuration.js';
import type { Reply } from './support/client.js';
import { HASHING_ROOM } from './support/hashing-room.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** What passwords promise: exact, hashed once and slowly, guessed at few times, and never told. */

const LOGIN = '/api/v1/users/login';
const CHANGE = '/api/v1/users/password/change';
const ME = '/api/users/me/';
const OLD_KEY = 'the old secret key of tests, long enough';
const NEW_KEY = 'the new secret key of tests, long enough';

let database: TestDatabase;
let app: TestApp;
const logs: string[][] = [];
const secrets = new Set([PASSWORD, OLD_KEY, NEW_KEY]);

const compare = jest.spyOn(HashingThreads.prototype, 'compare');
const hash = jest.spyOn(HashingThreads.prototype, 'hash');

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => app.stop());

/** The server with another configuration over the same database. */
async function restart(overrides: Partial<Configuration> = {}): Promise<void> {
  await app?.nest.close();
  app = await TestApp.start({ secretKeys: [OLD_KEY], ...overrides }, database);
  logs.push(app.logLines);
}

async function aUser(input: Parameters<TestApp['aUser']>[0] = {}): Promise<TestUser> {
  const user = await app.aUser(input);
  for (const secret of [user.password, user.session, user.apiKey, user.accessToken]) {
    secrets.add(secret);
  }
  return user;
}

async function login(email: string, password: string, address?: string, of = app): Promise<Reply> {
  const headers: Record<string, string> = address === undefined ? {} : { 'x-forwarded-for': address };
  const reply = await of.client().post<{ data: { token?: string } }>(LOGIN, { email, password }, headers);
  if (reply.status === 200) {
    secrets.add(reply.body.data.token!);
  }
  return reply;
}

const loginStatus = async (...args: Parameters<typeof login>) => (await login(...args)).status;
const signUp = (body: object) => app.client().post<{ detail: string }>('/api/users/', body);
const change = (user: TestUser, body: object) =>
  app.client().post<{ data: string }>(CHANGE, body, { 'x-api-key': user.apiKey });
const statusOf = async (credential: string) => (await app.client().get(ME, { 'x-api-key': credential })).status;
const passwordOf = async ({ id }: TestUser) =>
  (await database.query<{ hash: string; key_version: string }>('SELECT * FROM passwords WHERE user_id = $1', [id]))[0]!;

/** The rounds of bcrypt that something takes. */
async function workOf(something: () => Promise<unknown>): Promise<number> {
  compare.mockClear();
  hash.mockClear();
  await something();
  const costs = [
    ...compare.mock.calls.map(([, encrypted]) => bcrypt.getRounds(encrypted)),
    ...hash.mock.calls.map(([, cost]) => Number(cost)),
  ];
  return costs.reduce((sum, cost) => sum + 2 ** cost, 0);
}

describe('a password', () => {
  beforeAll(() => restart());

  it.each([
    ['of 64 code points', '💥é'.repeat(32)],
    ['of 72 bytes', 'b'.repeat(71) + 'y'],
    ['of 73 bytes', 'b'.repeat(72) + 'y'],
    ['of 256 characters', 'c'.repeat(255) + 'y'],
    ['of 256 characters outside the basic plane', '💥'.repeat(256)],
    ['that ends in NUL', 'before it\0'],
    ['with NUL in it', 'before it\0after it'],
    ['of spaces and a word', '   spaces count   '],
    ['of emoji', '👩‍👩‍👧‍👦🏳️‍🌈🔑🔑🔑'],
  ])('checklist 4, 5: %s is verified exactly as set', async (_, password) => {
    const { email } = await aUser({ password });
    const characters = Array.from(password);
    const others = [
      [...characters.slice(0, -1), 'z'].join(''),
      characters.slice(0, -1).join(''),
      `${password} `,
      password.trim() === password ? ` ${password}` : password.trim(),
      password.split('\0', 1)[0]! + (password.includes('\0') ? '' : 'z'),
    ];
    expect(await Promise.all(others.map((other) => loginStatus(email, other)))).toEqual(others.map(() => 401));
    expect(await loginStatus(email, password)).toBe(200);
  });

  it('checklist 5: is the same composed and decomposed', async () => {
    const [composed, decomposed] = ['\u00c5ngstr\u00f6m caf\u00e9', 'A\u030angstro\u0308m cafe\u0301'];
    const first = await aUser({ password: composed });
    const second = await aUser({ password: decomposed });
    expect(await loginStatus(first.email, decomposed)).toBe(200);
    expect(await loginStatus(second.email, composed)).toBe(200);
    expect((await change(first, { old_password: decomposed, new_password: composed })).status).toBe(400);
  });

  it.each([
    ['too short', 'seven77', 400],
    ['seven characters in fourteen units', '💥'.repeat(7), 400],
    ['of 257 characters', 'd'.repeat(257), 400],
    ['of 4 KB', 'e'.repeat(4096), 400],
    ['of 1 MB', 'f'.repeat(1024 * 1024), 413],
  ])('checklist 4: %s is refused before any hashing', async (_, password, status) => {
    const user = await aUser();
    const work = await workOf(async () => {
      expect((await signUp({ email: 'long@example.com', password })).status).toBe(status);
      expect((await change(user, { old_password: PASSWORD, new_password: password })).status).toBe(status);
    });
    expect(work).toBe(0);
  });

  it.each([
    ['of 4 KB', 'e'.repeat(4096), 400],
    ['of 1 MB', 'f'.repeat(1024 * 1024), 413],
  ])('checklist 4: %s is refused at the login and as the old one before any hashing', async (_, password, status) => {
    const user = await aUser();
    const work = await workOf(async () => {
      expect(await loginStatus(user.email, password)).toBe(status);
      expect((await change(user, { old_password: password, new_password: 'another good one' })).status).toBe(status);
    });
    expect(work).toBe(0);
  });

  it.each([
    ['password1', 'most common'],
    ['PASSWORD1', 'most common'],
    [' iloveyou1 ', 'most common'],
    ['Wonder.Land@example.com', 'email address or your name'],
    ['wonder.land', 'email address or your name'],
    ['WONDER LAND', 'email address or your name'],
    ['wonderland', 'email address or your name'],
    ['wonder_land_7', 'email address or your name'],
  ])('checklist 6: %j is refused with the reason', async (password, reason) => {
    const person = { email: 'wonder.land@example.com', name: 'Wonder  Land', username: 'wonder_land_7' };
    const reply = await signUp({ ...person, password });
    expect([reply.status, reply.body.detail]).toEqual([400, expect.stringMatching(`^password .*${reason}`)]);
  });

  it('checklist 6: is refused with the reason when it is changed, too', async () => {
    const user = await aUser({ name: 'Cheshire Cat' });
    for (const [password, reason] of [
      ['password1', 'most common'],
      [user.email, 'email address or your name'],
      ['cheshirecat', 'email address or your name'],
    ] as const) {
      const reply = await change(user, { old_password: PASSWORD, new_password: password });
      expect([reply.status, reply.body.data]).toEqual([400, expect.stringMatching(`^new_password .*${reason}`)]);
    }
  });

  it('checklist 6: of the page is good enough', async () => {
    const user = await aUser({ password: 'S3cur3p@ss' });
    expect((await change(user, { old_password: 'S3cur3p@ss', new_password: 'N3wp@ss!' })).status).toBe(200);
    expect(await loginStatus(user.email, 'N3wp@ss!')).toBe(200);
    secrets.add('N3wp@ss!');
  });

  it('checklist 8: is not changed to itself, nor without the old one', async () => {
    const user = await aUser();
    const before = await passwordOf(user);
    expect((await change(user, { old_password: PASSWORD, new_password: PASSWORD })).status).toBe(400);
    expect((await change(user, { old_password: 'guessed', new_password: 'another good one' })).status).toBe(401);
    expect((await change(user, { new_password: 'another good one' })).status).toBe(400);
    expect(await passwordOf(user)).toEqual(before);
    expect(await statusOf(user.session)).toBe(200);
  });

  it('checklist 28: that is changed while a login with it is in flight opens no session', async () => {
    const user = await aUser();
    let current = PASSWORD;
    for (let i = 0; i < 20; i++) {
      const next = `password number ${i}`;
      secrets.add(next);
      const inFlight = Array.from({ length: 3 }, () => login(user.email, current));
      await sleep(i % 6);
      const changed = await change(user, { old_password: current, new_password: next });
      expect(changed.status).toBe(200);

      const replies = (await Promise.all(inFlight)) as Reply<{ data: { token: string } }>[];
      for (const { status, body } of replies) {
        expect([200, 401]).toContain(status);
        expect(status === 200 ? await statusOf(body.data.token) : 401).toBe(401);
      }
      current = next;
    }
    expect(await loginStatus(user.email, current)).toBe(200);
  });
});

describe('a login that fails', () => {
  let cheap: TestUser;
  let current: TestUser;
  let disabled: TestUser;
  let cheapDisabled: TestUser;

  beforeAll(async () => {
    await restart({ bcryptCost: 4 });
    [cheap, cheapDisabled] = [await aUser(), await aUser()];
    await restart({ bcryptCost: 7 });
    [current, disabled] = [await aUser(), await aUser()];
    await database.query('UPDATE users SET disabled_at = now() WHERE id = ANY($1)', [[disabled.id, cheapDisabled.id]]);
  });

  const attempts = (): [string, string][] => [
    ['nobody@example.com', PASSWORD],
    ['no address at all', PASSWORD],
    ['', ''],
    [current.email, 'wrong'],
    [cheap.email, 'wrong'],
    [disabled.email, PASSWORD],
    [disabled.email, 'wrong'],
    [cheapDisabled.email, PASSWORD],
  ];

  it('checklist 1: answers alike, header for header, whatever the reason', async () => {
    const replies = await Promise.all(attempts().map((attempt) => login(...attempt)));
    const answers = replies.map(({ status, headers, body }) => {
      const { date: _date, 'x-request-id': _id, ...others } = Object.fromEntries(headers);
      return { status, body, headers: others };
    });
    expect(answers[0]).toMatchObject({
      status: 401,
      body: { code: 401, data: 'Invalid email or password!', status: 0 },
    });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('checklist 1: takes the same work, whatever the reason and whatever the hash was made with', async () => {
    for (const attempt of attempts()) {
      expect([attempt, await workOf(() => login(...attempt))]).toEqual([attempt, 2 ** 7]);
    }
  });
});

describe('200 logins at once', () => {
  const PLACES = 20;

  beforeAll(() => restart());

  /** Leaves so many places in the queue, until what it answers is called. */
  function occupyAllBut(places: number): () => void {
    const queue = app.nest.get(HashingQueue);
    let vacate = () => {};
    const vacated = new Promise<void>((resolve) => (vacate = resolve));
    for (let i = 0; i < HASHING_ROOM - places; i++) {
      void queue.run(() => vacated);
    }
    return vacate;
  }

  /** What is answered to all of them, of whom the queue has room for some only. */
  async function repliesTo<Body>(count: number, send: (i: number) => Promise<Reply<Body>>): Promise<Reply<Body>[]> {
    const vacate = occupyAllBut(PLACES);
    let answered = 0;
    const replies = Array.from({ length: count }, (_, i) => send(i).finally(() => answered++));
    await eventually(() => answered === count - PLACES).finally(vacate);
    return Promise.all(replies);
  }

  it('checklist 7: are served or told at once to come back', async () => {
    const user = await aUser();
    const replies = await repliesTo(200, () => login(user.email, PASSWORD));
    const refused = replies.filter(({ status }) => status === 503);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(PLACES);
    expect(refused).toHaveLength(200 - PLACES);
    for (const { headers, body } of refused) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body).toEqual({ code: 503, data: expect.stringContaining('Try again'), status: 0 });
    }
    expect(await loginStatus(user.email, PASSWORD)).toBe(200);
  });

  it('checklist 7: are told so in the dialect of their URL', async () => {
    const replies = await repliesTo(50, (i) => signUp({ email: `storm${i}@example.com`, password: PASSWORD }));
    const refused = replies.filter(({ status }) => status !== 202);
    expect(refused).toHaveLength(50 - PLACES);
    for (const { status, headers, body } of refused) {
      expect([status, body]).toMatchObject([503, { status: 503, code: 'auth.too_busy' }]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });
});

it('checklist 7: logins are felt by nobody else: other answers take less time than the hash of one', async () => {
  await restart({ bcryptCost: 12 });
  const timeOf = async (call: () => Promise<number>, expected: number) => {
    const startedAt = performance.now();
    expect(await call()).toBe(expected);
    return performance.now() - startedAt;
  };
  const loginOfNobody = () => loginStatus('nobody@example.com', PASSWORD);
  const oneHash = await timeOf(loginOfNobody, 401);

  let isOver = false;
  const logins = Promise.all(Array.from({ length: 2 * availableParallelism() }, loginOfNobody)).finally(
    () => (isOver = true),
  );
  const times: number[] = [];
  while (!isOver) {
    times.push(await timeOf(async () => (await app.client().get('/health/live')).status, 200));
    await sleep(10); // The threads stand back for whoever never pauses.
  }
  expect(new Set(await logins)).toEqual(new Set([401]));
  expect(Math.max(...times)).toBeLessThan(oneHash / 2);
});

it('BCRYPT_COST raised: the next login makes a hash of the new cost, and the old one is gone', async () => {
  await restart({ bcryptCost: 4 });
  const user = await aUser();
  expect((await passwordOf(user)).hash).toMatch(/^\$2b\$04\$/);

  await restart({ bcryptCost: 5 });
  expect(await loginStatus(user.email, 'wrong')).toBe(401);
  expect((await passwordOf(user)).hash).toMatch(/^\$2b\$04\$/);
  expect(await loginStatus(user.email, PASSWORD)).toBe(200);
  const renewed = await passwordOf(user);
  expect(renewed.hash).toMatch(/^\$2b\$05\$/);
  expect(await loginStatus(user.email, PASSWORD)).toBe(200);
  expect(await passwordOf(user)).toEqual(renewed);
  expect(await statusOf(user.session)).toBe(200);
});

it('BCRYPT_COST raised: of right logins at once none is refused for the hash that another one renews', async () => {
  await restart({ bcryptCost: 4 });
  const user = await aUser();
  const changing = await aUser();
  await restart({ bcryptCost: 6 });
  const statuses = await Promise.all(Array.from({ length: 10 }, () => loginStatus(user.email, PASSWORD)));
  expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));

  const [change] = await Promise.all([
    app
      .client()
      .post(
        '/api/v1/users/password/change',
        { old_password: PASSWORD, new_password: 'changed in a crowd' },
        { 'x-api-key': changing.apiKey },
      ),
    ...Array.from({ length: 5 }, () => loginStatus(changing.email, PASSWORD)),
  ]);
  expect(change.status).toBe(200);
  expect(await loginStatus(changing.email, 'changed in a crowd')).toBe(200);
});

it('checklist 38: SECRET_KEY changed: all that was made before goes on, and moves to the new key', async () => {
  await restart({ secretKeys: [OLD_KEY] });
  const user = await aUser();
  const { key_version: oldVersion } = await passwordOf(user);
  const shown = async (credential: string) => {
    const client = app.client({ 'x-api-key': credential });
    const details = await client.post<{ data: { api_key: string } }>('/api/v1/users/account-details');
    const me = await client.get<{ access_token: string }>(ME);
    const texts = [details.body.data.api_key, me.body.access_token];
    texts.forEach((text) => secrets.add(text));
    return texts;
  };

  await restart({ secretKeys: [NEW_KEY, OLD_KEY] });
  expect(await Promise.all([user.session, user.apiKey, user.accessToken].map(statusOf))).toEqual([200, 200, 200]);
  expect(await shown(user.session)).toEqual([user.apiKey, user.accessToken]);
  expect(await loginStatus(user.email, 'wrong')).toBe(401);
  const { body } = (await login(user.email, PASSWORD)) as Reply<{ data: { token: string } }>;
  const { key_version: newVersion } = await passwordOf(user);
  expect(newVersion).not.toBe(oldVersion);

  await restart({ secretKeys: [NEW_KEY] });
  expect(await loginStatus(user.email, PASSWORD)).toBe(200);
  expect(await Promise.all([user.session, user.apiKey, user.accessToken].map(statusOf))).toEqual([401, 401, 401]);
  const texts = await shown(body.data.token);
  expect(await Promise.all(texts.map(statusOf))).toEqual([200, 200]);
});

describe('guessing', () => {
  beforeAll(() => restart({ isRateLimited: true, trustProxyHops: 1 }));
  beforeEach(() => database.query('DELETE FROM failed_attempts'));

  const guess = (times: number, email: string, address: string, of = app) =>
    Promise.all(Array.from({ length: times }, (_, i) => loginStatus(email, `guess ${i}`, address, of)));

  it('checklist 3: is limited for one account from one address; the victim logs in from another', async () => {
    const [victim, neighbour] = [await aUser(), await aUser()];
    expect(new Set(await guess(20, victim.email, '192.0.2.1'))).toEqual(new Set([401]));

    const refused = await login(victim.email, PASSWORD, '192.0.2.1');
    expect([refused.status, refused.body]).toMatchObject([429, { code: 429, status: 0 }]);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(900);
    expect(await loginStatus(victim.email, PASSWORD, '192.0.2.2')).toBe(200);
    expect(await loginStatus(neighbour.email, PASSWORD, '192.0.2.1')).toBe(200);
  });

  it('checklist 3: is limited for one account from many addresses', async () => {
    const victim = await aUser();
    for (let i = 1; i <= 10; i++) {
      expect(new Set(await guess(10, victim.email, `192.0.2.${i}`))).toEqual(new Set([401]));
    }
    expect(await loginStatus(victim.email, PASSWORD, '192.0.2.99')).toBe(429);
  });

  it('checklist 3: is limited for many accounts from one address', async () => {
    for (let i = 1; i <= 10; i++) {
      expect(new Set(await guess(10, `victim${i}@example.com`, '192.0.2.1'))).toEqual(new Set([401]));
    }
    const user = await aUser();
    expect(await loginStatus(user.email, PASSWORD, '192.0.2.1')).toBe(429);
    expect(await loginStatus(user.email, PASSWORD, '192.0.2.2')).toBe(200);
  });

  it('checklist 3: counts the addresses of one IPv6 network as one, and others apart', async () => {
    for (let i = 1; i <= 10; i++) {
      expect(new Set(await guess(10, `v6-${i}@example.com`, `2001:db8:0:7::${i}:1`))).toEqual(new Set([401]));
    }
    const user = await aUser();
    expect(await loginStatus(user.email, PASSWORD, '2001:db8:0:7:ffff::2')).toBe(429);
    expect(await loginStatus(user.email, PASSWORD, '2001:db8:0:8::1')).toBe(200);
  });

  it('checklist 1, 3: is limited alike for known and unknown accounts, whatever the spelling of the address', async () => {
    const { email: known } = await aUser();
    for (const email of [known, 'unknown@example.com']) {
      await guess(10, email, '192.0.2.1');
      await guess(10, ` ${email.toUpperCase()}. `, '192.0.2.1');
      expect([email, await loginStatus(email, 'guess', '192.0.2.1')]).toEqual([email, 429]);
    }
  });

  it('checklist 3: is over when the window has passed', async () => {
    const victim = await aUser();
    await guess(20, victim.email, '192.0.2.1');
    expect(await loginStatus(victim.email, PASSWORD, '192.0.2.1')).toBe(429);
    await database.query(`UPDATE failed_attempts SET expires_at = now() - interval '1 second'`);
    expect(new Set(await guess(19, victim.email, '192.0.2.1'))).toEqual(new Set([401]));
    expect(await loginStatus(victim.email, PASSWORD, '192.0.2.1')).toBe(200);
  });

  it('counts no success, and begins anew after one', async () => {
    const user = await aUser();
    for (let i = 0; i < 25; i++) {
      expect(await loginStatus(user.email, PASSWORD, '192.0.2.1')).toBe(200);
    }
    for (let i = 0; i < 2; i++) {
      expect(new Set(await guess(19, user.email, '192.0.2.1'))).toEqual(new Set([401]));
      expect(await loginStatus(user.email, PASSWORD, '192.0.2.1')).toBe(200);
    }
  });

  it('checklist 51: comes from the address that the proxy saw, not from one that the client made up', async () => {
    const { email } = await aUser();
    for (let i = 0; i < 20; i++) {
      expect(await loginStatus(email, 'guess', `198.51.100.${i}, 192.0.2.1`)).toBe(401);
    }
    expect(await loginStatus(email, PASSWORD, '198.51.100.99, 192.0.2.1')).toBe(429);
  });

  it('checklist 8: with a stolen API key is counted as well', async () => {
    const victim = await aUser();
    for (let i = 0; i < 20; i++) {
      expect((await change(victim, { old_password: `guess ${i}`, new_password: 'another good one' })).status).toBe(401);
    }
    const refused = await change(victim, { old_password: PASSWORD, new_password: 'another good one' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(await loginStatus(victim.email, PASSWORD, '192.0.2.2')).toBe(200);
  });

  it('checklist 3: is counted by all processes together', async () => {
    const { email } = await aUser();
    const { isRateLimited, trustProxyHops, secretKeys } = app.configuration;
    const other = await TestApp.start({ isRateLimited, trustProxyHops, secretKeys }, database);
    logs.push(other.logLines);
    try {
      expect(new Set(await guess(10, email, '192.0.2.1', app))).toEqual(new Set([401]));
      expect(new Set(await guess(10, email, '192.0.2.1', other))).toEqual(new Set([401]));
      expect(await loginStatus(email, PASSWORD, '192.0.2.1', app)).toBe(429);
      expect(await loginStatus(email, PASSWORD, '192.0.2.1', other)).toBe(429);
    } finally {
      await other.nest.close();
    }
  });

  it('checklist 37: leaves no name and no address in the database', async () => {
    await guess(1, 'secretive@example.com', '192.0.2.77');
    const rows = JSON.stringify(await database.query('SELECT * FROM failed_attempts'));
    expect(rows).not.toMatch(/secretive|192\.0\.2/);
  });
});

it('checklist 23, 30, 31: none of all these secrets is in the log, not even when the database fails', async () => {
  await restart();
  const user = await aUser();
  await database.query('ALTER TABLE credentials RENAME COLUMN user_agent TO elsewhere');
  expect(await loginStatus(user.email, PASSWORD)).toBe(500);
  await database.query('ALTER TABLE credentials RENAME COLUMN elsewhere TO user_agent');
  await database.query('ALTER TABLE passwords RENAME COLUMN key_version TO elsewhere');
  expect((await signUp({ email: 'canary@example.com', password: PASSWORD })).status).toBe(500);
  await database.query('ALTER TABLE passwords RENAME COLUMN elsewhere TO key_version');

  const lines = logs.flat().join('');
  expect(lines).toContain('server.internal_error');
  const told = [...secrets].filter((secret) => lines.includes(secret) || lines.includes(JSON.stringify(secret)));
  expect(told).toEqual([]);
  expect(lines).not.toMatch(/\$2b\$|authorization|x-api-key|set-cookie|tg[aks][0-9A-Za-z]{44}/i);
});
