import type { Client } from './support/client.js';
import { document } from './support/contract.js';
import { PASSWORD, TestApp } from './support/test-app.js';

/** Text that is a pattern to SQL or an ordeal to a regular expression is just text here, and takes the time of its length. */

interface Account {
  id: string;
  username: string;
  email: string;
}

const BODY_MAX = 256 * 1024;

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await TestApp.start({ creditsPerPeriod: 1_000_000_000 });
  client = app.client({ 'x-api-key': (await app.aUser()).apiKey });
});
afterAll(() => app.stop());

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
);

describe('checklist 49: what would be a pattern', () => {
  const create = (name: string, local = name) =>
    client.post('/v1/user/Create', { id: name, username: name, email: `${local}@example.com`, password: PASSWORD });
  const read = (who: Partial<Account>) => client.post<{ account: Account }>('/v1/user/Read', who);

  beforeAll(async () => {
    // Whoever would match comes before and after.
    for (const name of ['abc', 'a_c', 'axc']) {
      await create(name);
    }
    await create('percent', 'a%c');
    await create('quote', "a'c");
  });

  it.each([
    ['id', 'a_c'],
    ['username', 'a_c'],
    ['email', 'a_c@example.com'],
    ['email', 'a%c@example.com'],
    ['email', "a'c@example.com"],
  ] as const)('is the %s %s and no other', async (field, value) => {
    const { status, body } = await read({ [field]: value });
    expect(status).toBe(200);
    expect(body.account[field]).toBe(value);
  });

  it.each(['%', '_', 'a_', 'a__', 'a%', '%c', '.*', "abc' --", "' OR '1'='1", 'abc;', '\\'])(
    'is nobody: %j',
    async (text) => {
      for (const who of [{ id: text }, { username: text }, { email: text }, { email: `${text}@example.com` }]) {
        expect([400, 404]).toContain((await read(who)).status);
        expect([400, 404]).toContain((await client.post('/v1/user/Delete', who)).status);
      }
      const login = { email: `${text}@example.com`, password: PASSWORD };
      expect([400, 401]).toContain((await app.client().post('/api/v1/users/login', login)).status);
      const admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
      expect((await admin.get(`/api/mails/?status=${encodeURIComponent(text)}`)).status).toBe(400);
    },
  );

  it('chooses no order: lists have their own', async () => {
    const lists = operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'limit'));
    expect(lists.length).toBeGreaterThan(2);
    const admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
    for (const { path } of lists) {
      for (const query of ['sort=id', 'sort=password', 'order_by=(SELECT 1)', 'order=desc', 'ordering=-id']) {
        const reply = await admin.get(`${path}?${query}`);
        expect([path, query, reply.status]).toEqual([path, query, 400]);
      }
    }
    const listed = await client.post<{ users: Account[] }>('/v1/user/List', { sort: 'email', order_by: 'id DESC' });
    expect(listed.body.users.map(({ id }) => id)).toEqual(['abc', 'a_c', 'axc', 'percent', 'quote']);
  });
});

describe('checklist 49: a text eight times as long takes not much more than eight times as long', () => {
  /** Between 8, which is linear, and 64, which is quadratic. */
  const FACTOR_MAX = 20;

  /** The path and text of a body for every field that takes text. */
  const places = operations.flatMap(({ method, path, requestBody }) => {
    const { $ref } = requestBody?.content['application/json']?.schema ?? {};
    const fields = Object.entries($ref ? (document.components.schemas[$ref.split('/').at(-1)!]!.properties ?? {}) : {});
    return fields
      .filter(([, { type }]) => type === 'string')
      .map(([field]) => ({ method, path: path.replace(/\{\w+\}/, 'none'), field }));
  });

  async function timeOf(method: string, path: string, body: string): Promise<number> {
    const startedAt = performance.now();
    await client.send(method, path, { headers: { 'content-type': 'application/json' }, body });
    return performance.now() - startedAt;
  }

  /** The best of several tries: whatever else goes on takes more time, never less. */
  async function expectLinear(method: string, path: string, bodyOf: (size: number) => string): Promise<void> {
    const [short, long] = [bodyOf(BODY_MAX / 8), bodyOf(BODY_MAX)];
    let shortTime = Infinity;
    for (let i = 0; i < 3; i++) {
      shortTime = Math.min(shortTime, await timeOf(method, path, short));
    }
    let longTime = Infinity;
    for (let i = 0; i < 5 && longTime >= FACTOR_MAX * shortTime; i++) {
      longTime = Math.min(longTime, await timeOf(method, path, long));
    }
    expect({ path, long: longTime < FACTOR_MAX * shortTime || [shortTime, longTime] }).toEqual({ path, long: true });
  }

  it.each([' ', '.', '@', 'a@', '"', '\\', '/', '-', '0', 'http://', 'á'])(
    'in a field, of nothing but %j',
    async (piece) => {
      expect(places.length).toBeGreaterThan(30);
      for (const { method, path, field } of places) {
        const length = Buffer.byteLength(JSON.stringify(piece)) - 2;
        await expectLinear(method, path, (size) =>
          JSON.stringify({ [field]: `${piece.repeat((size - 100) / length)}!` }),
        );
      }
    },
    300_000,
  );

  it.each(['1', '1e', '1.', '-', '"', '\\', '"\\', ' ', '[', '{"":', 'x'])(
    'in a body of nothing but %j',
    async (piece) => {
      for (const path of ['/api/v1/users/login', '/v1/user/Read', '/api/users/']) {
        await expectLinear('POST', path, (size) => `{"a":${piece.repeat((size - 100) / piece.length)}`);
      }
    },
    300_000,
  );
});
