import { jest } from '@jest/globals';
import { AccountsService } from '../src/accounts/accounts.service.js';
import { TokensService } from '../src/tokens/tokens.service.js';
import { AccountsEnvelopeController } from '../src/accounts/http/accounts.envelope.controller.js';
import { AccountsRestController } from '../src/accounts/http/accounts.rest.controller.js';
import { Priced } from '../src/credits/priced.js';
import { PRICES, type PricedOperation } from '../src/route-policy/prices.js';
import type { Client } from './support/client.js';
import { document } from './support/contract.js';
import { TestApp, type TestUser } from './support/test-app.js';
import { onServer } from './support/test-database.js';

/** The charge on a priced call, shown on two calls that are free: here they are given a price, and in the document too. */
const ME = '/api/users/me/';
const UPDATE = '/api/v1/users/profile/update';

function putAPrice(operation: PricedOperation, prototype: object, method: string, path: string, verb: string): void {
  Priced(operation)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method)!);
  const { responses } = document.paths[path]![verb]!;
  responses[402] = structuredClone(responses[400] ?? responses[401]!);
  for (const response of Object.values(responses)) {
    Object.assign(response.headers, { 'X-Credits-Cost': {}, 'X-Credits-Remaining': {} });
  }
}
putAPrice('user.read', AccountsRestController.prototype, 'getCurrentUser', ME, 'get');
putAPrice('user.send_magic_link', AccountsEnvelopeController.prototype, 'updateProfile', UPDATE, 'post');

let app: TestApp;
let user: TestUser;
let client: Client;

beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  user = await app.aUser();
  client = app.client({ 'x-api-key': user.apiKey });
});
afterEach(() => jest.restoreAllMocks());

const entries = async () =>
  (
    await app.database.query<{ kind: string; operation: string; amount: number; request_id: string }>(
      'SELECT kind, operation, amount, request_id FROM entries WHERE account_id = $1 AND sequence > 1 ORDER BY sequence',
      [user.accountId],
    )
  ).map((entry) => ({ ...entry }));
const told = ({ headers }: { headers: Headers }) => [headers.get('x-credits-cost'), headers.get('x-credits-remaining')];
const spendAllBut = async (left: number) => {
  await client.post('/api/credits/charges/', { amount: 10_000 - left, operation: 'before' });
};

it('is charged before the work, and the answer says so', async () => {
  const reply = await client.get(ME);
  expect(reply.status).toBe(200);
  expect(told(reply)).toEqual(['1', '9999']);
  expect(await entries()).toEqual([
    { kind: 'charge', operation: 'user.read', amount: -1, request_id: reply.headers.get('x-request-id') },
  ]);
});

it('without credits: 402, and nothing happened', async () => {
  await spendAllBut(9999);
  const reply = await client.post(UPDATE, { name: 'New Name' });
  expect(reply).toMatchObject({ status: 402, body: { code: 402, status: 0 } });
  expect(told(reply)).toEqual(['0', '9999']);
  const details = await client.post<{ data: { name: string } }>('/api/v1/users/profile');
  expect(details.body.data.name).not.toBe('New Name');
  expect(await entries()).toHaveLength(1);
});

it('checklist 63: what is refused is given back', async () => {
  const other = await app.aUser();
  const refused = [
    await client.post(UPDATE, { email: other.email }),
    await client.post(UPDATE, { color: 'red' }),
    await client.post(UPDATE, { timezone: 'Moon' }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([409, 400, 400]);
  expect(refused.map(told)).toEqual(Array(3).fill(['0', '10000']));
  expect((await entries()).map(({ kind, amount }) => `${kind} ${amount}`)).toEqual(
    Array(3).fill(['charge -10000', 'refund 10000']).flat(),
  );
});

it('checklist 63: what fails on our side is given back', async () => {
  jest.spyOn(app.nest.get(TokensService), 'accessTokenOf').mockRejectedValue(new Error('out of order'));
  const reply = await client.get(ME);
  expect(reply.status).toBe(500);
  expect(told(reply)).toEqual(['0', '10000']);
  expect((await entries()).map(({ kind }) => kind)).toEqual(['charge', 'refund']);
});

it('checklist 58: a price that changes meanwhile changes nothing for the call: it costs, or gets back, what it paid', async () => {
  const prices: Record<string, number> = PRICES;
  const work = jest.spyOn(app.nest.get(TokensService), 'accessTokenOf');
  try {
    work.mockImplementationOnce(() => {
      prices['user.read'] = 7;
      return Promise.resolve(user.accessToken);
    });
    expect(told(await client.get(ME))).toEqual(['1', '9999']);
    work.mockImplementationOnce(() => {
      prices['user.read'] = 1;
      return Promise.reject(new Error('out of order'));
    });
    expect(told(await client.get(ME))).toEqual(['0', '9999']);
  } finally {
    prices['user.read'] = 1;
  }
  expect((await entries()).map(({ kind, amount }) => `${kind} ${amount}`)).toEqual([
    'charge -1',
    'charge -7',
    'refund 7',
  ]);
});

it('checklist 65: is given back once, when the database is there again', async () => {
  const name = new URL(app.database.url).pathname.slice(1);
  const setConnections = (allowed: boolean) =>
    onServer(async (admin) => {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
    });
  jest.spyOn(app.nest.get(TokensService), 'accessTokenOf').mockImplementation(async () => {
    await setConnections(false);
    return app.nest.get(AccountsService).details({ directoryId: 0, userId: user.id }) as never;
  });
  const reply = await client.get(ME);
  expect(reply.status).toBe(503);
  expect(told(reply)).toEqual(['0', '10000']);

  await setConnections(true);
  let kinds: string[] = [];
  while (kinds.length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    kinds = (await entries()).map(({ kind }) => kind);
  }
  expect(kinds).toEqual(['charge', 'refund']);
});

it('checklist 63: what never reached its work was never charged', async () => {
  const statuses = [
    (await app.client().get(ME)).status,
    (await app.client({ 'x-api-key': `${user.apiKey}x` }).get(ME)).status,
    (await client.post(ME)).status,
    (await client.post(UPDATE, '{"name":', { 'content-type': 'application/json' })).status,
    (await client.post(UPDATE, 'name=x', { 'content-type': 'text/plain' })).status,
  ];
  expect(statuses).toEqual([401, 401, 405, 400, 415]);
  expect(await entries()).toEqual([]);
});

it('costs administrators nothing', async () => {
  const admin = await app.anAdministrator();
  const reply = await app.client({ 'x-api-key': admin.apiKey }).get(ME);
  expect(told(reply)).toEqual(['0', '10000']);
});

it('checklist 55: of fifty calls with credits for k, k are served', async () => {
  await spendAllBut(17);
  const replies = await Promise.all(Array.from({ length: 50 }, () => client.get(ME)));
  const served = replies.filter(({ status }) => status === 200);
  expect(served).toHaveLength(17);
  expect(replies.filter(({ status }) => status === 402)).toHaveLength(33);
  expect(served.map(({ headers }) => Number(headers.get('x-credits-remaining'))).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 17 }, (_, i) => i),
  );
});

it('calls without a price say nothing of credits', async () => {
  expect(told(await client.post('/api/v1/users/profile'))).toEqual([null, null]);
});

it('the price list is the table, for everybody', async () => {
  const { body } = await app.client().get<{ items: { operation: string; price: number }[] }>('/api/prices/');
  expect(Object.fromEntries(body.items.map(({ operation, price }) => [operation, price]))).toEqual(PRICES);
});

it('the document names the prices of the list', () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item)) as {
    'x-price'?: number;
    'x-operation'?: PricedOperation;
    responses: Record<string, unknown>;
  }[];
  for (const operation of operations) {
    const name = operation['x-operation'];
    expect(operation['x-price']).toBe(name && PRICES[name]);
  }
});
