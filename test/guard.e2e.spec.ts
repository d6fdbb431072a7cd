import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { credentialText, newCredentialId } from '../src/tokens/credential-text.js';
import { SecretKeys } from '../src/secret-keys/secret-keys.js';
import { checkAnswer } from './support/contract.js';
import { sendRaw } from './support/raw-socket.js';
import { eventually } from './support/smtp-server.js';
import { onServer } from './support/test-database.js';
import { TestApp, type TestUser } from './support/test-app.js';

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await TestApp.start();
  user = await app.aUser();
});
afterAll(() => app.stop());

const status = async (headers: Record<string, string>, method = 'GET', path = '/api/users/me/') =>
  (await app.client().send(method, path, { headers })).status;

describe('where a credential may stand', () => {
  const kinds = ['apiKey', 'accessToken', 'session'] as const;

  it.each(kinds)('takes the %s in Authorization and x-api-key', async (kind) => {
    const text = user[kind];
    for (const word of ['Bearer', 'bearer', 'BEARER', 'Token', 'token', 'tOkEn']) {
      expect([word, await status({ authorization: `${word} ${text}` })]).toEqual([word, 200]);
    }
    expect(await status({ authorization: `Bearer   ${text} ` })).toBe(200);
    expect(await status({ 'x-api-key': text })).toBe(200);
    expect(await status({ 'X-API-KEY': ` ${text} ` })).toBe(200);
  });

  it('takes a session, and nothing else, in X-Session-Token and in the cookie', async () => {
    for (const kind of kinds) {
      const expected = kind === 'session' ? 200 : 401;
      expect([kind, await status({ 'x-session-token': user[kind] })]).toEqual([kind, expected]);
      expect([kind, await status({ cookie: `a=b; session=${user[kind]}; c=d` })]).toEqual([kind, expected]);
    }
  });

  it.each([
    ['nothing', {}],
    ['an empty Bearer', { authorization: 'Bearer ' }],
    ['Bearer alone', { authorization: 'Bearer' }],
    ['Basic', { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
    ['an empty key', { 'x-api-key': '' }],
    ['an empty session token', { 'x-session-token': '' }],
    ['an empty cookie', { cookie: 'session=' }],
  ])('checklist 27: refuses %s', async (_, headers) => {
    expect(await status(headers as Record<string, string>)).toBe(401);
  });

  it('checklist 27: takes no key from the query string', async () => {
    for (const name of ['api_key', 'x-api-key', 'token', 'access_token', 'session']) {
      expect(await status({}, 'GET', `/api/users/me/?${name}=${user.apiKey}`)).toBe(401);
    }
  });

  it('checklist 27: refuses two different credentials, and the same one twice in one header', async () => {
    expect(await status({ authorization: `Bearer ${user.session}`, 'x-api-key': user.apiKey })).toBe(400);
    expect(await status({ 'x-api-key': user.apiKey, 'x-session-token': user.session })).toBe(400);
    expect(await status({ authorization: `Bearer ${user.apiKey}`, 'x-api-key': user.apiKey })).toBe(200);
    for (const name of ['x-api-key', 'X-Session-Token']) {
      const twice = await sendRaw(
        app.url,
        `GET /api/users/me/ HTTP/1.1\r\nHost: x\r\n${name}: ${user.session}\r\n${name}: ${user.session}\r\nConnection: close\r\n\r\n`,
      );
      expect(twice.status).toBe(400);
    }
    const twice = await sendRaw(
      app.url,
      `GET /api/users/me/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.session}\r\nAuthorization: Bearer ${user.apiKey}\r\nConnection: close\r\n\r\n`,
    );
    expect(twice.status).toBe(400);
  });

  it('a header beats the cookie, and a bad header is not made good by it', async () => {
    const stranger = await app.aUser();
    const { body } = await app
      .client()
      .get<{ email: string }>('/api/users/me/', { 'x-api-key': user.apiKey, cookie: `session=${stranger.session}` });
    expect(body.email).toBe(user.email);
    expect(await status({ 'x-api-key': 'nonsense', cookie: `session=${user.session}` })).toBe(401);
    expect(await status({ authorization: 'Basic abc', cookie: `session=${user.session}` })).toBe(401);
  });
});

describe('checklist 26: a change that rests on the cookie', () => {
  const change = (headers: Record<string, string>) =>
    app
      .client()
      .post('/api/v1/users/profile/update', { name: 'Changed' }, { cookie: `session=${user.session}`, ...headers });

  it.each([
    ['of the same origin, by Sec-Fetch-Site', 200, { 'sec-fetch-site': 'same-origin' }],
    ['of the same origin, by Origin', 200, { origin: 'http://tollgate.example' }],
    ['from another site', 403, { 'sec-fetch-site': 'cross-site', origin: 'http://tollgate.example' }],
    ['from a sibling site', 403, { 'sec-fetch-site': 'same-site' }],
    ['from another origin', 403, { origin: 'https://evil.example' }],
    ['from another scheme', 403, { origin: 'https://tollgate.example' }],
    ['from a sandboxed page', 403, { origin: 'null' }],
    ['that says nothing', 403, {}],
  ])('%s: %i', async (_, expected, headers) => {
    expect((await change(headers as Record<string, string>)).status).toBe(expected);
  });

  it('reads are free of this, and so is a credential in a header', async () => {
    expect(await status({ cookie: `session=${user.session}`, origin: 'https://evil.example' })).toBe(200);
    const reply = await app
      .client()
      .post(
        '/api/v1/users/profile/update',
        { name: 'Changed' },
        { 'x-api-key': user.session, origin: 'https://evil.example' },
      );
    expect(reply.status).toBe(200);
  });
});

describe('checklist 36: a forged credential', () => {
  it('costs no query: it is refused while the database lets nobody in, when a genuine one cannot be answered', async () => {
    const name = new URL(app.database.url).pathname.slice(1);
    const setConnections = (allowed: boolean) =>
      onServer(async (admin) => {
        await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
        await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
      });
    const forged = user.apiKey.slice(0, -1) + (user.apiKey.endsWith('0') ? '1' : '0');
    await setConnections(false);
    try {
      expect(await status({ 'x-api-key': forged })).toBe(401);
      expect(await status({ 'x-api-key': 'malformed' })).toBe(401);
      const genuine = await app.client().get('/api/users/me/', { 'x-api-key': user.apiKey });
      expect(genuine.status).toBe(503);
      expect(genuine.headers.get('retry-after')).toMatch(/^\d+$/);
      expect((await app.client().get('/health/live')).status).toBe(200);
      expect((await app.client().get('/health/ready')).status).toBe(503);
    } finally {
      await setConnections(true);
    }
    expect(await status({ 'x-api-key': user.apiKey })).toBe(200);
    expect(await status({}, 'GET', '/health/ready')).toBe(200);
  });

  it('made with another key is refused, and one that was never issued as well', async () => {
    const id = newCredentialId();
    const ours = new SecretKeys(app.configuration.secretKeys).current('credential');
    const theirs = new SecretKeys(['a secret key that is not the configured one']).current('credential');
    expect(await status({ 'x-api-key': credentialText({ kind: 'api_key', id }, theirs) })).toBe(401);
    expect(await status({ 'x-api-key': credentialText({ kind: 'api_key', id }, ours) })).toBe(401);
  });

  it('of another kind with the id of a live one is refused', async () => {
    const key = new SecretKeys(app.configuration.secretKeys).current('credential');
    const id = user.apiKey.slice(3, 25);
    expect(credentialText({ kind: 'api_key', id }, key)).toBe(user.apiKey);
    expect(await status({ authorization: `Bearer ${credentialText({ kind: 'session', id }, key)}` })).toBe(401);
  });
});

it('checklist 37: nothing in a dump opens anything', async () => {
  const tables = await app.database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  let dump = '';
  for (const { name } of tables) {
    dump += JSON.stringify(await app.database.query(`SELECT * FROM "${name}"`));
  }
  expect(dump).toContain(user.email);
  for (const secret of [user.apiKey, user.accessToken, user.session, user.password]) {
    expect(dump).not.toContain(secret);
  }
  for (const credential of [user.apiKey, user.accessToken, user.session]) {
    const [id, mac] = [credential.slice(3, 25), credential.slice(25)];
    expect(dump).toContain(id);
    expect(dump).not.toContain(mac);
  }
});

it('checklist 28: a disabled or deleted user is refused in the very next request, with every credential', async () => {
  for (const end of ['UPDATE users SET disabled_at = now() WHERE id = $1', 'DELETE FROM users WHERE id = $1']) {
    const doomed = await app.aUser();
    await app.database.query(end, [doomed.id]);
    for (const kind of ['apiKey', 'accessToken', 'session'] as const) {
      expect(await status({ authorization: `Bearer ${doomed[kind]}` })).toBe(401);
    }
  }
});

describe('users of a managed directory', () => {
  let managed: string;

  beforeAll(async () => {
    const key = new SecretKeys(app.configuration.secretKeys).current('credential');
    const id = newCredentialId();
    const [row] = await app.database.query<{ id: number }>(
      `INSERT INTO users (directory_id, external_id, email, email_as_given) VALUES ($1, 'm1', 'm@example.com', 'm@example.com') RETURNING id`,
      [user.accountId],
    );
    await app.database.query('INSERT INTO accounts (id, directory_id, user_id) VALUES ($2, $1, $2)', [
      user.accountId,
      row!.id,
    ]);
    for (const [kind, credentialId] of [
      ['api_key', id],
      ['access_token', newCredentialId()],
    ] as const) {
      await app.database.query(
        `INSERT INTO credentials (id, directory_id, user_id, kind, key_version) VALUES ($1, $2, $3, $4, $5)`,
        [credentialId, user.accountId, row!.id, kind, key.version],
      );
    }
    managed = credentialText({ kind: 'api_key', id }, key);
  });

  it('may use envelope and rest for themselves', async () => {
    expect(await status({ 'x-api-key': managed })).toBe(200);
    expect(await status({ 'x-api-key': managed }, 'POST', '/api/v1/users/profile')).toBe(200);
  });

  it('have no credits', async () => {
    for (const [method, path] of [
      ['GET', '/api/credits/'],
      ['GET', '/api/credits/entries/'],
      ['POST', '/api/v1/users/credits'],
    ]) {
      expect([path, await status({ 'x-api-key': managed }, method, path)]).toEqual([path, 403]);
    }
  });
});

it('checklist 32: an answer that anybody on the way may store passes for none of ours', async () => {
  const answer = { method: 'GET', path: '/api/users/me/token/' };
  const reply = await app.client({ 'x-api-key': user.apiKey }).get(answer.path);
  const headers = new Headers([...reply.headers, ['cache-control', 'max-age=60']]);
  expect(() => checkAnswer({ ...answer, ...reply })).not.toThrow();
  expect(() => checkAnswer({ ...answer, ...reply, headers })).toThrow('no answer may be stored');
});

describe('what the guard asks of the database', () => {
  /** How often the database has carried out the guard's statement, as its sessions tell. */
  const lookups = async (): Promise<number> => {
    const pool = (app.nest.get(DataSource).driver as unknown as { master: pg.Pool }).master;
    const sessions = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
    let sum = 0;
    for (const session of sessions) {
      const { rows } = await session.query<{ plans: number }>(
        `SELECT (generic_plans + custom_plans)::int AS plans FROM pg_prepared_statements WHERE name = 'principals'`,
      );
      sum += rows[0]?.plans ?? 0;
      session.release();
    }
    return sum;
  };
  const together = (count: number, headers: Record<string, string>) =>
    Promise.all(Array.from({ length: count }, () => status(headers)));

  it('is one statement for many who come together', async () => {
    await status({ 'x-api-key': user.apiKey });
    const before = await lookups();
    const lock = new pg.Client(app.database.url);
    await lock.connect();
    await lock.query('BEGIN; LOCK TABLE credentials');
    const answers = together(300, { 'x-api-key': user.apiKey });
    const waiting = async () => {
      const { body } = await app.client().get<string>('/metrics');
      return Number(/^batches_in_flight\{batcher="principals"\} (\d+)$/m.exec(body)![1]);
    };
    await eventually(async () => (await waiting()) === 2);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // for all of them to arrive
    await lock.query('COMMIT');
    await lock.end();
    expect(new Set(await answers)).toEqual(new Set([200]));
    // Two that were in flight, and what came meanwhile; some more if not all had arrived.
    expect((await lookups()) - before).toBeLessThan(30);

    const { body } = await app.client().get<string>('/metrics');
    const sum = Number(/^batch_size_sum\{batcher="principals"\} (\d+)$/m.exec(body)![1]);
    const count = Number(/^batch_size_count\{batcher="principals"\} (\d+)$/m.exec(body)![1]);
    expect(sum).toBeGreaterThanOrEqual(300);
    expect(count).toBeLessThan(sum);
    expect(body).toMatch(/^batches_in_flight\{batcher="principals"\} 0$/m);
  });

  it('checklist 36: is nothing at all for a forged key', async () => {
    const before = await lookups();
    const forged = `${user.apiKey.slice(0, -4)}0000`;
    expect(new Set(await together(50, { 'x-api-key': forged }))).toEqual(new Set([401]));
    expect(await lookups()).toBe(before);
  });
});

it('resolves callers for guards of @nestjs/passport, too', async () => {
  const request = { headers: { 'x-api-key': user.apiKey }, raw: { rawHeaders: ['x-api-key', user.apiKey] } };
  const http = { getRequest: () => request, getResponse: () => ({}) };
  const guard = new (AuthGuard('credential'))();
  await guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
  expect(request).toHaveProperty('user.userId', user.id);
});
