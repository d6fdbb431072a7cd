import { DataSource } from 'typeorm';
import { CodesService } from '../src/tokens/codes.service.js';
import type { Client } from './support/client.js';
import { document } from './support/contract.js';
import { PASSWORD, TestApp } from './support/test-app.js';

/** What a call costs, in the document, in the price list and in the ledger: one and the same. */

interface Known {
  id: string;
  email: string;
  session: string;
  codes: Record<'password_reset' | 'magic_link' | 'email_verification', string>;
}

const CHANGE = { old_password: PASSWORD, new_password: 'Password2', confirm_password: 'Password2' };

const MAIL = { from_name: 'Awesome App', subject: 'A mail' };

/** A request that succeeds, for every call that has a price. */
const VALID: Record<string, (user: Known) => object> = {
  '/v1/user/Create': () => ({ email: 'new@example.com', password: PASSWORD }),
  '/v1/user/Delete': ({ id }) => ({ id }),
  '/v1/user/List': () => ({}),
  '/v1/user/Login': ({ email }) => ({ email, password: PASSWORD }),
  '/v1/user/Logout': ({ session }) => ({ session_id: session }),
  '/v1/user/LogoutAll': ({ id }) => ({ user_id: id }),
  '/v1/user/Read': ({ id }) => ({ id }),
  '/v1/user/ReadSession': ({ session }) => ({ session_id: session }),
  '/v1/user/ResetPassword': ({ email, codes }) => ({
    code: codes.password_reset,
    email,
    new_password: 'Password2',
    confirm_password: 'Password2',
  }),
  '/v1/user/SendMagicLink': ({ email }) => ({ email, ...MAIL, address: 'www.example.com', endpoint: 'verifytoken' }),
  '/v1/user/SendPasswordResetEmail': ({ email }) => ({ email, ...MAIL }),
  '/v1/user/SendVerificationEmail': ({ email }) => ({ email, ...MAIL }),
  '/v1/user/Update': ({ id }) => ({ id, username: 'new-name' }),
  '/v1/user/UpdatePassword': ({ id }) => ({ userId: id, ...CHANGE }),
  '/v1/user/VerifyEmail': ({ codes }) => ({ token: codes.email_verification }),
  '/v1/user/VerifyToken': ({ codes }) => ({ token: codes.magic_link }),
};

const priced = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.values(item)
    .filter((operation) => 'x-price' in operation)
    .map((operation) => {
      const { 'x-price': price, 'x-operation': name } = operation as unknown as Record<string, string | number>;
      return [path, Number(price), String(name)] as const;
    }),
);

let app: TestApp;
let client: Client;
let accountId: number;
let user: Known;

beforeAll(async () => {
  app = await TestApp.start({ creditsPerPeriod: 100_000 });
});
afterAll(() => app.stop());
beforeEach(async () => {
  const owner = await app.aUser();
  accountId = owner.accountId;
  client = app.client({ 'x-api-key': owner.apiKey });
  const [id, email] = ['user-1', 'joe@example.com'];
  await client.post('/v1/user/Create', { id, email, password: PASSWORD });
  const login = await client.post<{ session: { id: string } }>('/v1/user/Login', { email, password: PASSWORD });
  const [row] = await app.database.query<{ id: number }>('SELECT id FROM users WHERE directory_id = $1', [accountId]);
  const holder = { directoryId: accountId, userId: row!.id, email };
  const codes = app.nest.get(CodesService);
  user = await app.nest.get(DataSource).transaction(async (tx) => ({
    id,
    email,
    session: login.body.session.id,
    codes: {
      password_reset: await codes.issue(tx, 'password_reset', holder),
      magic_link: await codes.issue(tx, 'magic_link', holder),
      email_verification: await codes.issue(tx, 'email_verification', holder),
    },
  }));
});

const lastEntries = (after: number) =>
  app.database.query<{ kind: string; operation: string; amount: number }>(
    `SELECT kind, operation, amount FROM entries WHERE account_id = $1 AND sequence > $2 ORDER BY sequence`,
    [accountId, after],
  );
const balance = async () => {
  const [row] = await app.database.query<{ sequence: number; spendable: number }>(
    `SELECT sequence, allowance + top_up - used - frozen AS spendable FROM balances WHERE account_id = $1`,
    [accountId],
  );
  return row!;
};

it('every call of the dialect has a price', () => {
  const free = Object.keys(document.paths).filter(
    (path) => path.startsWith('/v1/') && !priced.some(([known]) => known === path),
  );
  expect(free).toEqual([]);
  expect(priced.length).toBeGreaterThan(0);
});

describe.each(priced)('%s', (path, price, operation) => {
  it('costs what the document and the price list say', async () => {
    const { body } = await client.get<{ items: { operation: string; price: number }[] }>('/api/prices/');
    expect(body.items).toContainEqual({ operation, price });

    const before = await balance();
    const reply = await client.post(path, VALID[path]!(user));
    expect(reply.status).toBe(200);
    expect(Number(reply.headers.get('x-credits-cost'))).toBe(price);
    expect(Number(reply.headers.get('x-credits-remaining'))).toBe(before.spendable - price);
    const [entry] = await lastEntries(before.sequence);
    expect(entry).toMatchObject({ kind: expect.stringMatching(/^(charge|hold)$/), operation, amount: -price });
  });

  it('checklist 63: costs nothing when it is refused', async () => {
    const before = await balance();
    const fields = Object.fromEntries(Object.keys(VALID[path]!(user)).map((name) => [name, { no: 'text' }]));
    const reply = await client.post(path, path === '/v1/user/List' ? { limit: 1001 } : fields);
    expect(reply.status).toBe(400);
    expect(reply.headers.get('x-credits-cost')).toBe('0');
    expect((await balance()).spendable).toBe(before.spendable);
  });

  it('without credits is a 402, and nothing happens', async () => {
    const { spendable } = await balance();
    if (spendable > 0) {
      await client.post('/api/credits/charges/', { amount: spendable, operation: 'all' });
    }
    const before = await app.database.query('SELECT * FROM users ORDER BY id');
    const reply = await client.post(path, VALID[path]!(user));
    expect(reply).toMatchObject({ status: 402, body: { code: 402, status: 'Payment Required' } });
    expect(await app.database.query('SELECT * FROM users ORDER BY id')).toEqual(before);
  });
});
