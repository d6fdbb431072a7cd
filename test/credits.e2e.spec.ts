import pg from 'pg';
import { LedgerUpkeep } from '../src/credits/ledger-upkeep.js';
import { PRICES } from '../src/route-policy/prices.js';
import type { Client, Reply } from './support/client.js';
import { TestApp, type TestUser } from './support/test-app.js';

interface Entry {
  account: number;
  sequence: number;
  kind: string;
  operation: string;
  amount: number;
  used_change: number;
  frozen_change: number;
  balance_after: number;
  reference: string | null;
  request_id: string | null;
  created_at: string;
}
interface Hold {
  id: string;
  account: number;
  amount: number;
  captured: number;
  status: string;
  expires_at: string;
  created_at: string;
}
interface Balance {
  available_credits: number;
  used_credits: number;
  frozen_credits: number;
  spendable_credits: number;
  period_end: string;
}
interface Problem {
  status: number;
  code: string;
  fields?: { field: string }[];
}

const MAX = Number.MAX_SAFE_INTEGER;
const JSON_TYPE = { 'content-type': 'application/json' };

let app: TestApp;
let admin: Client;
let user: TestUser;
let client: Client;

beforeAll(async () => {
  app = await TestApp.start();
  admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
});
afterAll(() => app.stop());

beforeEach(async () => {
  user = await app.aUser();
  client = app.client({ 'x-api-key': user.apiKey });
});

const charge = (body: object, headers?: Record<string, string>) =>
  client.post<Entry & Problem>('/api/credits/charges/', body, headers);
const hold = async (body: object) => (await client.post<Hold>('/api/credits/holds/', body)).body;
const settle = (id: string, how: 'capture' | 'release', body: object = {}) =>
  client.post<Hold & Problem>(`/api/credits/holds/${id}/${how}/`, body);
const balance = async () => (await client.get<Balance>('/api/credits/')).body;
const entries = async () => (await client.get<{ items: Entry[] }>('/api/credits/entries/?limit=1000')).body.items;
const kinds = async () => (await entries()).map(({ kind, amount }) => `${kind} ${amount}`);

/** The sums of the changes are the balance, and every entry says what was left after it. */
async function expectToAddUp(): Promise<void> {
  const lines = await entries();
  let spendable = 0;
  for (const [i, line] of lines.entries()) {
    spendable += line.amount;
    expect({ sequence: line.sequence, after: line.balance_after }).toEqual({ sequence: i + 1, after: spendable });
  }
  const now = await balance();
  expect(now.spendable_credits).toBe(spendable);
  expect(now.used_credits).toBe(lines.reduce((sum, line) => sum + line.used_change, 0));
  expect(now.frozen_credits).toBe(lines.reduce((sum, line) => sum + line.frozen_change, 0));
  expect(now.available_credits).toBe(now.spendable_credits + now.used_credits + now.frozen_credits);
}
afterEach(expectToAddUp);

/** As if an account had been opened `months` ago and nobody had looked since. */
async function letMonthsPass(months: number): Promise<void> {
  await app.database.query(
    `UPDATE balances SET created_at = opened, period_end = ledger_period_after(opened, opened)
     FROM (SELECT now() - make_interval(months => $2) - interval '1 minute' AS opened) AS past WHERE account_id = $1`,
    [user.accountId, months],
  );
}

async function letExpire(id: string): Promise<void> {
  await app.database.query(`UPDATE holds SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
}

describe('operations', () => {
  it('charge: spent at once, one entry', async () => {
    const { status, body, headers } = await charge({ amount: 250, operation: 'image.render', reference: 'order-1' });
    expect(status).toBe(201);
    expect(body).toEqual({
      account: user.accountId,
      sequence: 2,
      kind: 'charge',
      operation: 'image.render',
      amount: -250,
      used_change: 250,
      frozen_change: 0,
      balance_after: 9750,
      reference: 'order-1',
      request_id: headers.get('x-request-id'),
      created_at: expect.stringMatching(/Z$/) as string,
    });
    expect(await balance()).toMatchObject({ available_credits: 10_000, used_credits: 250, spendable_credits: 9750 });
    expect((await entries())[1]).toEqual(body);
  });

  it('charge: by the price list, or under a name of its own', async () => {
    expect((await charge({ operation: 'user.send_magic_link' })).body).toMatchObject({ amount: -10_000 });
    expect((await charge({ amount: 1 })).body).toMatchObject({ code: 'credits.out_of_credits' });
    expect((await charge({ amount: 1 })).status).toBe(402);
  });

  it('grant: by administrators alone', async () => {
    expect((await client.post('/api/credits/grants/', { amount: 1 })).status).toBe(403);
    const { status, body } = await admin.post<Entry>('/api/credits/grants/', { account: user.accountId, amount: 500 });
    expect(status).toBe(201);
    expect(body).toMatchObject({ account: user.accountId, kind: 'grant', operation: 'top-up', amount: 500 });
    expect(await balance()).toMatchObject({ available_credits: 10_500, spendable_credits: 10_500 });
  });

  it('hold, then capture of a part: the rest goes back', async () => {
    const held = await hold({ amount: 1000, operation: 'video.encode', reference: 'job-1' });
    expect(held).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      account: user.accountId,
      operation: 'video.encode',
      amount: 1000,
      captured: 0,
      status: 'held',
      reference: 'job-1',
      expires_at: expect.any(String) as string,
      created_at: expect.any(String) as string,
    });
    expect(Math.round((Date.parse(held.expires_at) - Date.parse(held.created_at)) / 1000)).toBe(15 * 60);
    expect(await balance()).toMatchObject({ used_credits: 0, frozen_credits: 1000, spendable_credits: 9000 });

    const captured = await settle(held.id, 'capture', { amount: 400 });
    expect(captured.status).toBe(200);
    expect(captured.body).toEqual({ ...held, status: 'captured', captured: 400 });
    expect(await balance()).toMatchObject({ used_credits: 400, frozen_credits: 0, spendable_credits: 9600 });
    expect((await entries()).at(-1)).toMatchObject({ kind: 'capture', operation: 'video.encode', reference: 'job-1' });
  });

  it('hold, then capture of all, or release', async () => {
    const [first, second] = [await hold({ amount: 10 }), await hold({ amount: 20 })];
    expect((await settle(first.id, 'capture')).body).toMatchObject({ status: 'captured', captured: 10 });
    expect((await settle(second.id, 'release')).body).toMatchObject({ status: 'released', captured: 0 });
    expect(await kinds()).toEqual(['grant 10000', 'hold -10', 'hold -20', 'capture 0', 'release 20']);
  });

  it('refund: all or parts of a charge or a capture, never more than it took', async () => {
    const refund = (body: object) =>
      admin.post<Entry & Problem>('/api/credits/refunds/', { account: user.accountId, ...body });
    await charge({ amount: 100, operation: 'render', reference: 'order-7' });
    expect((await client.post('/api/credits/refunds/', { charge: 2 })).status).toBe(403);
    expect((await refund({ charge: 2, amount: 30 })).body).toMatchObject({
      kind: 'refund',
      amount: 30,
      operation: 'render',
      reference: 'order-7',
    });
    expect((await refund({ charge: 2, amount: 71 })).body).toMatchObject({
      code: 'credits.more_than_charged',
      fields: [{ field: 'amount' }],
    });
    expect((await refund({ charge: 2 })).body).toMatchObject({ amount: 70, used_change: -70 });
    expect((await refund({ charge: 2 })).body).toMatchObject({ status: 409, code: 'credits.charge_refunded' });

    const { id } = await hold({ amount: 50 });
    await settle(id, 'capture', { amount: 20 });
    const { sequence } = (await entries()).at(-1)!;
    expect((await refund({ charge: sequence })).body).toMatchObject({ amount: 20 });
    for (const unknown of [1, 3, sequence - 1, 99]) {
      expect((await refund({ charge: unknown })).body).toMatchObject({ status: 404, code: 'credits.charge_not_found' });
    }
  });

  it('lists entries, oldest first, by pages', async () => {
    for (let i = 1; i <= 4; i++) {
      await charge({ amount: i });
    }
    const list = async (query: string) =>
      (await client.get<{ items: Entry[]; next_cursor: string | null }>(`/api/credits/entries/${query}`)).body;
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.next_cursor}`);
    expect(first.items.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(second.items.map(({ sequence }) => sequence)).toEqual([4, 5]);
    expect(second.next_cursor).toBeNull();
  });

  it('lists holds, newest first, by pages and by state', async () => {
    const made: Hold[] = [];
    for (let i = 1; i <= 5; i++) {
      made.unshift(await hold({ amount: i }));
    }
    await settle(made[1]!.id, 'release');
    const list = (query: string) =>
      client.get<{ items: Hold[]; next_cursor: string | null }>(`/api/credits/holds/${query}`);
    const first = (await list('?limit=3')).body;
    const second = (await list(`?limit=3&cursor=${first.next_cursor}`)).body;
    expect([...first.items, ...second.items].map(({ amount }) => amount)).toEqual([5, 4, 3, 2, 1]);
    expect(second.next_cursor).toBeNull();
    expect((await list('?status=held')).body.items.map(({ amount }) => amount)).toEqual([5, 3, 2, 1]);
    expect((await list('?status=released')).body.items).toHaveLength(1);
    expect((await list('?status=gone')).status).toBe(400);
    expect((await list('?cursor=nonsense')).status).toBe(400);
    expect((await client.get(`/api/credits/holds/${made[0]!.id}/`)).body).toEqual(made[0]);
  });
});

describe('accounts of others', () => {
  it('checklist 40: do not exist for anybody but administrators', async () => {
    const other = await app.aUser();
    const { id } = await hold({ amount: 5 });
    const stranger = app.client({ 'x-api-key': other.apiKey });
    const missing = { account: 999_999, amount: 1 };
    const foreign = { account: user.accountId, amount: 1 };
    for (const path of ['charges', 'holds']) {
      const [a, b] = [
        await stranger.post(`/api/credits/${path}/`, missing),
        await stranger.post(`/api/credits/${path}/`, foreign),
      ];
      expect(a.status).toBe(404);
      expect(b).toMatchObject({ status: 404, body: a.body });
    }
    const unknown = '00000000-0000-4000-8000-000000000000';
    for (const how of ['capture', 'release']) {
      const missingHold = await stranger.post(`/api/credits/holds/${unknown}/${how}/`);
      const foreignHold = await stranger.post(`/api/credits/holds/${id}/${how}/`);
      const namedAccount = await stranger.post(`/api/credits/holds/${id}/${how}/`, { account: user.accountId });
      expect(missingHold).toMatchObject({ status: 404, body: { code: 'credits.hold_not_found' } });
      expect(foreignHold).toMatchObject({ status: 404, body: missingHold.body });
      expect(namedAccount).toMatchObject({ status: 404, body: { code: 'credits.account_not_found' } });
    }
    expect((await stranger.get(`/api/credits/holds/${id}/`)).status).toBe(404);
    for (const path of ['', 'entries/', 'holds/']) {
      expect((await stranger.get(`/api/credits/${path}?account=${user.accountId}`)).status).toBe(404);
    }
    expect(await kinds()).toEqual(['grant 10000', 'hold -5']);
  });

  it('administrators name the account, and need not for a hold', async () => {
    const account = user.accountId;
    expect((await admin.post<Entry>('/api/credits/charges/', { account, amount: 7 })).body).toMatchObject({ account });
    const made = (await admin.post<Hold>('/api/credits/holds/', { account, amount: 8 })).body;
    expect((await admin.get<Hold>(`/api/credits/holds/${made.id}/`)).body).toEqual(made);
    expect((await admin.post(`/api/credits/holds/${made.id}/release/`, { account: account + 1 })).status).toBe(404);
    expect((await admin.post(`/api/credits/holds/${made.id}/capture/`, { amount: 3 })).status).toBe(200);
    expect((await admin.post('/api/credits/charges/', { account: 999_999, amount: 1 })).body).toMatchObject({
      status: 404,
      code: 'credits.account_not_found',
    });
    expect(await balance()).toMatchObject({ used_credits: 10 });
  });
});

describe('bad input', () => {
  const POSTS: [string, () => Promise<[Client, string]>][] = [
    ['charges', async () => Promise.resolve([client, '/api/credits/charges/'])],
    ['holds', async () => Promise.resolve([client, '/api/credits/holds/'])],
    ['grants', async () => Promise.resolve([admin, '/api/credits/grants/'])],
    ['capture', async () => [client, `/api/credits/holds/${(await hold({ amount: 100 })).id}/capture/`]],
  ];
  const AMOUNTS = [
    '0',
    '-0',
    '-1',
    '1.5',
    '1.0',
    '1e2',
    '1E2',
    '1e-7',
    '1e400',
    '0.99999999999999999999',
    '9007199254740992',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '"5"',
    '"1e2"',
    '""',
    'null',
    'true',
    '[5]',
    '{}',
  ];

  it.each(POSTS)('checklist 59: %s takes nothing but a whole number as amount', async (_, target) => {
    const [caller, path] = await target();
    const before = await kinds();
    for (const amount of AMOUNTS) {
      const reply = await caller.post<Problem>(path, `{"amount":${amount}}`, JSON_TYPE);
      expect([amount, reply.status, reply.body.fields?.map(({ field }) => field)]).toEqual([amount, 400, ['amount']]);
    }
    expect(await kinds()).toEqual(before);
  });

  it('checklist 59: more than anybody can have is refused as that', async () => {
    const grant = (amount: number) => admin.post<Problem>('/api/credits/grants/', { account: user.accountId, amount });
    expect((await grant(MAX)).body).toMatchObject({ status: 422, fields: [{ field: 'amount' }] });
    expect((await grant(MAX - 9999)).body).toMatchObject({ status: 422, code: 'credits.balance_overflow' });
    expect((await grant(MAX - 10_000)).status).toBe(201);
    expect((await grant(1)).status).toBe(422);
    expect((await balance()).spendable_credits).toBe(MAX);
    expect((await charge({ amount: MAX })).status).toBe(201);
    expect((await charge({ amount: 1 })).status).toBe(402);
  });

  it('names what is missing, and what is not known', async () => {
    expect((await charge({})).body).toMatchObject({ status: 400, fields: [{ field: 'amount' }] });
    expect((await charge({ operation: 'user.fly' })).body).toMatchObject({
      status: 404,
      code: 'credits.unknown_operation',
      fields: [{ field: 'operation' }],
    });
    // Names that every object has.
    expect((await charge({ operation: 'constructor' })).status).toBe(404);
    expect((await admin.post<Problem>('/api/credits/grants/', {})).body.fields).toMatchObject([{ field: 'amount' }]);
    for (const id of ['x', '1', '00000000-0000-4000-8000-00000000000G', "' OR 1=1 --"]) {
      expect((await settle(encodeURIComponent(id), 'capture')).body).toMatchObject({ code: 'credits.hold_not_found' });
    }
    expect((await client.post('/api/credits/lapses/', { amount: 1 })).status).toBe(404);
  });

  it.each([0, -1, 1.5, 604_801, '900', null])('a hold does not take %j as expires_in', async (expiresIn) => {
    const reply = await client.post<Problem>('/api/credits/holds/', { amount: 1, expires_in: expiresIn });
    expect(reply.body).toMatchObject({ status: 400, fields: [{ field: 'expires_in' }] });
  });

  it('checklist 34: takes no fields of its own answers', async () => {
    for (const field of ['kind', 'balance_after', 'used_change', 'user', 'status']) {
      expect((await charge({ amount: 1, [field]: 1 })).body).toMatchObject({ status: 400, fields: [{ field }] });
    }
  });
});

describe('idempotency', () => {
  async function untilSomebodyWaits(): Promise<void> {
    const waiting = () =>
      // The lock of a transaction belongs to no database; whoever waits for it does.
      app.database.query(
        `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE NOT granted AND locktype IN ('transactionid', 'tuple') AND datname = current_database()`,
      );
    while ((await waiting()).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const once = (key: string, body: object = { amount: 5 }) => charge(body, { 'idempotency-key': key });
  const charges = async () => (await kinds()).filter((line) => line.startsWith('charge'));

  it('checklist 56: the same request again gets the same answer and has no further effect', async () => {
    const first = await once('a');
    const again = await once('a');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    // The quotes of a structured field are not part of the key, and the order of fields is not part of the request.
    expect((await once('"a"')).body).toEqual(first.body);
    expect(await charges()).toEqual(['charge -5']);
  });

  it('checklist 56: fifty at once have one effect', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => once('fifty')));
    const [success] = replies.filter(({ status }) => status === 201);
    for (const { status, body } of replies) {
      expect(status === 201 ? body : { status }).toEqual(status === 201 ? success!.body : { status: 409 });
    }
    expect((await once('fifty')).body).toEqual(success!.body);
    expect(await charges()).toEqual(['charge -5']);
  });

  it('checklist 56: fifty repetitions of what is finished get its answer', async () => {
    const first = await once('finished');
    const replies = await Promise.all(Array.from({ length: 50 }, () => once('finished')));
    expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(201));
    expect(replies.map(({ body }) => body)).toEqual(Array(50).fill(first.body));
  });

  it('checklist 56: so do those of other processes', async () => {
    const item = { index: 0, kind: 'charge', accountId: user.accountId, amount: 3, operation: 'x' };
    const items = JSON.stringify([{ ...item, callerAccountId: user.accountId, key: 'many', fingerprint: 'f' }]);
    const sessions = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const session = new pg.Client(app.database.url);
        await session.connect();
        return session;
      }),
    );
    const apply = async (session: pg.Client) =>
      (await session.query<{ outcome: { refusal?: string } }>('SELECT outcome FROM ledger_apply($1, 0)', [items]))
        .rows[0]!.outcome;
    const first = await apply(sessions[0]!);
    const outcomes = await Promise.all(
      sessions.map(async (session) => {
        const seen = [];
        for (let i = 0; i < 25; i++) {
          seen.push(await apply(session));
        }
        return seen;
      }),
    );
    await Promise.all(sessions.map((session) => session.end()));
    expect(outcomes.flat()).toEqual(Array(200).fill(first));
    expect(await charges()).toEqual(['charge -3']);
  });

  it('what was sent counts, not what it came to: a price may change meanwhile', async () => {
    const first = await once('price', { operation: 'user.read' });
    const table = PRICES as Record<string, number>;
    table['user.read'] = 7;
    try {
      expect(await once('price', { operation: 'user.read' })).toMatchObject({ status: 201, body: first.body });
    } finally {
      table['user.read'] = 1;
    }
    expect(await charges()).toEqual(['charge -1']);
  });

  it('keys that are past their day are forgotten when the server starts', async () => {
    await once('old');
    await app.database.query(
      `UPDATE idempotency_keys SET created_at = created_at - interval '25 hours' WHERE key = 'old'`,
    );
    const upkeep = app.nest.get(LedgerUpkeep);
    upkeep.onApplicationBootstrap();
    let left: unknown[] = [1];
    while (left.length > 0) {
      left = await app.database.query(`SELECT 1 FROM idempotency_keys WHERE key = 'old'`);
    }
    expect((await once('old')).status).toBe(201);
    expect(await charges()).toEqual(['charge -5', 'charge -5']);
  });

  it('checklist 56: another request with the key of one before is refused', async () => {
    await once('b');
    for (const body of [{ amount: 6 }, { amount: 5, operation: 'x' }, { amount: 5, reference: 'x' }]) {
      expect((await once('b', body)).body).toMatchObject({ status: 422, code: 'request.idempotency_key_reused' });
    }
    const asHold = await client.post('/api/credits/holds/', { amount: 5 }, { 'idempotency-key': 'b' });
    expect(asHold.status).toBe(422);
    expect(await kinds()).toEqual(['grant 10000', 'charge -5']);
  });

  it('a refusal is remembered too', async () => {
    const refused = await once('c', { amount: 10_001 });
    expect(refused.status).toBe(402);
    await admin.post('/api/credits/grants/', { account: user.accountId, amount: 1 });
    expect(await once('c', { amount: 10_001 })).toMatchObject({ status: 402, body: refused.body });
    expect((await once('d', { amount: 10_001 })).status).toBe(201);
  });

  it('is taken on every operation', async () => {
    const headers = { 'idempotency-key': 'all' };
    const held = await client.post<Hold>('/api/credits/holds/', { amount: 9 }, { 'idempotency-key': 'h' });
    expect((await client.post('/api/credits/holds/', { amount: 9 }, { 'idempotency-key': 'h' })).body).toEqual(
      held.body,
    );
    const captured = await client.post(`/api/credits/holds/${held.body.id}/capture/`, { amount: 4 }, headers);
    expect(captured.status).toBe(200);
    const again = await client.post(`/api/credits/holds/${held.body.id}/capture/`, { amount: 4 }, headers);
    expect(again).toMatchObject({ status: 200, body: captured.body });
    const other = await hold({ amount: 2 });
    const released = await client.post(`/api/credits/holds/${other.id}/release/`, {}, { 'idempotency-key': 'r' });
    const releasedAgain = await client.post(`/api/credits/holds/${other.id}/release/`, {}, { 'idempotency-key': 'r' });
    expect(releasedAgain).toMatchObject({ status: 200, body: released.body });

    const account = user.accountId;
    const granted = await admin.post(
      '/api/credits/grants/',
      { account, amount: 3 },
      { 'idempotency-key': `g${account}` },
    );
    const grantedAgain = await admin.post(
      '/api/credits/grants/',
      { account, amount: 3 },
      { 'idempotency-key': `g${account}` },
    );
    expect(grantedAgain).toMatchObject({ status: 201, body: granted.body });
    const { body: spent } = await charge({ amount: 1 });
    const refund = { account, charge: spent.sequence };
    const refunded = await admin.post('/api/credits/refunds/', refund, { 'idempotency-key': `r${account}` });
    const refundedAgain = await admin.post('/api/credits/refunds/', refund, { 'idempotency-key': `r${account}` });
    expect(refundedAgain).toMatchObject({ status: 201, body: refunded.body });
    expect(await kinds()).toHaveLength(8);
  });

  it('belongs to the caller: the same key of somebody else is another', async () => {
    await once('mine');
    const { body } = await admin.post<Entry>(
      '/api/credits/charges/',
      { account: user.accountId, amount: 5 },
      { 'idempotency-key': 'mine' },
    );
    expect(body.sequence).toBe(3);
    const elsewhere = await admin.post('/api/credits/charges/', { amount: 5 }, { 'idempotency-key': 'mine' });
    expect(elsewhere.status).toBe(422);
  });

  it('is forgotten after 24 hours', async () => {
    await once('old');
    const move = (interval: string) =>
      app.database.query(`UPDATE idempotency_keys SET created_at = now() - $2::interval WHERE account_id = $1`, [
        user.accountId,
        interval,
      ]);
    await move('23 hours 59 minutes');
    expect((await once('old')).body.sequence).toBe(2);
    await move('24 hours 1 minute');
    expect((await once('old')).body.sequence).toBe(3);
    expect((await once('old')).body.sequence).toBe(3);
  });

  it.each(['', ' ', '""', 'a b', 'a\tb', '"a', 'x'.repeat(256), 'k\u00e9y'])(
    'does not take %j as a key',
    async (key) => {
      const reply = await once(key);
      expect(reply.body).toMatchObject({ status: 400, fields: [{ field: 'Idempotency-Key' }] });
    },
  );

  it('takes 255 characters', async () => {
    expect((await once('~'.repeat(255))).status).toBe(201);
  });

  it('checklist 56: while the first is being worked on, the second is told so', async () => {
    const other = new pg.Client(app.database.url);
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM balances WHERE account_id = $1 FOR UPDATE', [user.accountId]);
      const first = once('slow');
      await untilSomebodyWaits();
      const second = await once('slow');
      expect(second.body).toMatchObject({ status: 409, code: 'request.idempotency_key_in_use' });
      expect(second.headers.get('retry-after')).toBe('1');
      await other.query('ROLLBACK');
      expect((await first).status).toBe(201);
      expect(await charges()).toEqual(['charge -5']);
    } finally {
      await other.end();
    }
  });

  it('checklist 56: also while another process works on it', async () => {
    const other = new pg.Client(app.database.url);
    await other.connect();
    try {
      const item = {
        index: 0,
        kind: 'settle',
        accountId: 0,
        callerAccountId: user.accountId,
        key: 'far',
        fingerprint: '',
      };
      await other.query('BEGIN');
      await other.query('SELECT * FROM ledger_apply($1, 0)', [JSON.stringify([item])]);
      expect((await once('far')).body).toMatchObject({ status: 409, code: 'request.idempotency_key_in_use' });
      await other.query('ROLLBACK');
      expect((await once('far')).status).toBe(201);
    } finally {
      await other.end();
    }
  });
});

describe('holds', () => {
  it('the id may be written in capitals', async () => {
    const { id } = await hold({ amount: 5 });
    expect((await client.get<Hold>(`/api/credits/holds/${id.toUpperCase()}/`)).body.id).toBe(id);
    expect((await settle(id.toUpperCase(), 'capture')).status).toBe(200);
  });

  it('checklist 60: are settled once', async () => {
    const { id } = await hold({ amount: 100 });
    expect((await settle(id, 'capture', { amount: 101 })).body).toMatchObject({
      status: 422,
      fields: [{ field: 'amount' }],
    });
    expect((await settle(id, 'capture', { amount: 60 })).status).toBe(200);
    for (const how of ['capture', 'release'] as const) {
      expect((await settle(id, how)).body).toMatchObject({ status: 409, code: 'credits.hold_settled' });
    }
    const other = await hold({ amount: 5 });
    expect((await settle(other.id, 'release')).status).toBe(200);
    for (const how of ['capture', 'release'] as const) {
      expect((await settle(other.id, how)).status).toBe(409);
    }
    expect(await kinds()).toEqual(['grant 10000', 'hold -100', 'capture 40', 'hold -5', 'release 5']);
  });

  it('checklist 60: cannot be settled after they expired', async () => {
    const { id } = await hold({ amount: 100 });
    await letExpire(id);
    for (const how of ['capture', 'release'] as const) {
      const { body } = await settle(id, how);
      expect(body).toMatchObject({ status: 409, detail: 'The hold has expired.' });
    }
    expect((await client.get(`/api/credits/holds/${id}/`)).body).toMatchObject({ status: 'expired', captured: 0 });
    expect(await kinds()).toEqual(['grant 10000', 'hold -100', 'release 100']);
  });

  it('are seen as expired by whoever looks', async () => {
    const { id } = await hold({ amount: 100, expires_in: 1 });
    await letExpire(id);
    expect(await balance()).toMatchObject({ frozen_credits: 0, spendable_credits: 10_000 });
    await hold({ amount: 10_000 });
  });

  it('expire by themselves, where nobody looks', async () => {
    const { id } = await hold({ amount: 100, expires_in: 1 });
    const deadline = Date.now() + 40_000;
    let status: string | undefined;
    while (status !== 'expired' && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      [{ status } = { status: undefined }] = await app.database.query<{ status: string }>(
        'SELECT status FROM holds WHERE id = $1',
        [id],
      );
    }
    expect(status).toBe('expired');
  });
});

describe('periods', () => {
  const START = 'grant 10000';

  it('what is left of the allowance lapses, and it is granted again', async () => {
    await charge({ amount: 3000 });
    await letMonthsPass(1);
    expect(await balance()).toMatchObject({ available_credits: 10_000, used_credits: 0, spendable_credits: 10_000 });
    expect(await kinds()).toEqual([START, 'charge -3000', 'lapse -7000', 'grant 10000']);
    expect((await entries()).slice(-2)).toMatchObject([
      { operation: 'allowance', used_change: -3000 },
      { operation: 'allowance', used_change: 0 },
    ]);
  });

  it('top-ups do not lapse, and are spent after the allowance', async () => {
    await admin.post('/api/credits/grants/', { account: user.accountId, amount: 500 });
    await charge({ amount: 10_200 });
    await letMonthsPass(1);
    expect(await balance()).toMatchObject({ available_credits: 10_300, used_credits: 0, spendable_credits: 10_300 });
    await letMonthsPass(1);
    expect(await balance()).toMatchObject({ available_credits: 10_300, used_credits: 0 });
  });

  it('checklist 61: once, whoever looks first and however many at a time', async () => {
    await charge({ amount: 1 });
    await letMonthsPass(1);
    await Promise.all([
      ...Array.from({ length: 15 }, () => balance()),
      ...Array.from({ length: 15 }, () => entries()),
      ...Array.from({ length: 15 }, () => charge({ amount: 1 })),
      ...Array.from({ length: 5 }, () => client.post('/api/v1/users/credits')),
    ]);
    const lines = await kinds();
    expect(lines.filter((line) => line.startsWith('lapse'))).toEqual(['lapse -9999']);
    expect(lines.filter((line) => line.startsWith('grant'))).toEqual([START, START]);
    expect(lines.slice(0, 4)).toEqual([START, 'charge -1', 'lapse -9999', START]);
  });

  it('checklist 61: once, also when the first to look are several processes', async () => {
    await letMonthsPass(1);
    const settled = JSON.stringify([{ index: 0, kind: 'settle', accountId: user.accountId }]);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const session = new pg.Client(app.database.url);
        await session.connect();
        await session.query('SELECT ledger_apply($1, 10000)', [settled]);
        await session.end();
      }),
    );
    expect(await kinds()).toEqual([START, 'lapse -10000', START]);
  });

  it('an allowance cannot be carried on by holding it: period after period, what comes back lapses', async () => {
    for (let month = 0; month < 3; month++) {
      const { id } = await hold({ amount: 10_000, expires_in: 3600 });
      await letMonthsPass(1);
      expect((await settle(id, 'release')).status).toBe(200);
      expect(await balance()).toMatchObject({ available_credits: 10_000, spendable_credits: 10_000 });
    }
    await hold({ amount: 10_000, expires_in: 3600 });
    await letMonthsPass(1);
    const { body } = await client.get<{ items: Hold[] }>('/api/credits/holds/?status=held');
    await settle(body.items[0]!.id, 'capture', { amount: 1000 });
    expect(await balance()).toMatchObject({
      available_credits: 11_000,
      used_credits: 1000,
      spendable_credits: 10_000,
    });
    expect((await kinds()).slice(-3)).toEqual([START, 'capture 9000', 'lapse -9000']);
  });

  it('checklist 61: once for each of the months that nobody looked', async () => {
    await letMonthsPass(12);
    await charge({ amount: 5 });
    const lines = await kinds();
    expect(lines).toEqual([START, ...Array.from({ length: 12 }, () => ['lapse -10000', START]).flat(), 'charge -5']);
    expect(Date.parse((await balance()).period_end)).toBeGreaterThan(Date.now());
  });

  it('holds that are open across the border keep what they hold; what comes back of the allowance lapses', async () => {
    await charge({ amount: 2000 });
    const [kept, freed] = [
      await hold({ amount: 3000, expires_in: 3600 }),
      await hold({ amount: 1000, expires_in: 3600 }),
    ];
    await letMonthsPass(1);
    expect(await balance()).toMatchObject({
      available_credits: 14_000,
      used_credits: 0,
      frozen_credits: 4000,
      spendable_credits: 10_000,
    });
    expect((await settle(kept.id, 'capture')).status).toBe(200);
    expect((await settle(freed.id, 'release')).status).toBe(200);
    expect(await balance()).toMatchObject({ used_credits: 3000, frozen_credits: 0, spendable_credits: 10_000 });
  });

  it('a hold that expired before the period ended gives back what then lapses', async () => {
    const { id } = await hold({ amount: 4000 });
    await letMonthsPass(1);
    await app.database.query(
      `UPDATE holds SET expires_at = period_end - interval '1 hour'
       FROM balances WHERE balances.account_id = holds.account_id AND id = $1`,
      [id],
    );
    expect(await balance()).toMatchObject({ available_credits: 10_000, frozen_credits: 0 });
    expect(await kinds()).toEqual([START, 'hold -4000', 'release 4000', 'lapse -10000', START]);
  });

  it('a hold that expired after the period ended gives back what lapses then', async () => {
    const { id } = await hold({ amount: 4000 });
    await letMonthsPass(1);
    await letExpire(id);
    expect(await balance()).toMatchObject({ available_credits: 10_000, frozen_credits: 0 });
    expect(await kinds()).toEqual([START, 'hold -4000', 'lapse -6000', START, 'release 4000', 'lapse -4000']);
  });

  it('a charge of an earlier period comes back as a top-up', async () => {
    const { body } = await charge({ amount: 400 });
    await letMonthsPass(1);
    await charge({ amount: 100 });
    await admin.post('/api/credits/refunds/', { account: user.accountId, charge: body.sequence });
    expect(await balance()).toMatchObject({ available_credits: 10_400, used_credits: 100, spendable_credits: 10_300 });
  });

  it('an account at the limit is granted what there is room for', async () => {
    await admin.post('/api/credits/grants/', { account: user.accountId, amount: MAX - 10_000 });
    await hold({ amount: 6000, expires_in: 3600 });
    await letMonthsPass(1);
    expect(await balance()).toMatchObject({ available_credits: MAX, frozen_credits: 6000 });
  });

  it.each([
    ['2027-01-31', ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']],
    ['2028-01-30', ['2028-02-29', '2028-03-30']],
    ['2028-02-29', ['2028-03-29', '2028-04-29']],
    ['2026-08-31', ['2026-09-30', '2026-10-31', '2026-11-30', '2026-12-31', '2027-01-31', '2027-02-28']],
    ['2026-12-15', ['2027-01-15', '2027-02-15']],
  ])('checklist 61: periods from %s end by the calendar, in UTC', async (opened, ends) => {
    const database = new pg.Client(app.database.url);
    await database.connect();
    try {
      for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/New_York']) {
        await database.query(`SET TIME ZONE '${zone}'`);
        let end = `${opened}T23:30:00Z`;
        for (const expected of ends) {
          const { rows } = await database.query<{ next: Date }>('SELECT ledger_period_after($1, $2) AS next', [
            `${opened}T23:30:00Z`,
            end,
          ]);
          end = rows[0]!.next.toISOString();
          expect(end).toBe(`${expected}T23:30:00.000Z`);
        }
      }
    } finally {
      await database.end();
    }
  });
});

describe('the ledger', () => {
  it.each([0, 1_000_000_000, MAX - 2])(
    'checklist 58: counts single credits exactly, after %i of them',
    async (spent) => {
      await admin.post('/api/credits/grants/', { account: user.accountId, amount: MAX - 10_000 });
      if (spent > 0) {
        await charge({ amount: spent });
      }
      for (const left of [MAX - spent - 1, MAX - spent - 2]) {
        expect((await charge({ amount: 1 })).body.balance_after).toBe(left);
        expect(await balance()).toMatchObject({ used_credits: MAX - left, spendable_credits: left });
      }
    },
  );

  it.each([
    `UPDATE entries SET amount = 1`,
    `DELETE FROM entries`,
    `TRUNCATE entries`,
    `TRUNCATE entries_${new Date().toISOString().slice(0, 7).replace('-', '_')}`,
    `TRUNCATE entries_default`,
  ])('refuses %s', async (statement) => {
    const refused = app.database.query(statement);
    await expect(refused).rejects.toThrow('entries of the ledger are never changed or deleted');
  });

  it.each([
    ['used = -1', 'balances_used_check'],
    ['frozen = -1', 'balances_frozen_check'],
    ['used = 10001', 'balances_spendable_check'],
    ['used = 1, frozen = 10000', 'balances_spendable_check'],
    ['top_up = 9007199254740991', 'balances_range_check'],
    ['allowance = -1', 'balances_granted_check'],
  ])('checklist 59: the database refuses a balance with %s', async (change, constraint) => {
    const refused = app.database.query(`UPDATE balances SET ${change} WHERE account_id = $1`, [user.accountId]);
    await expect(refused).rejects.toThrow(constraint);
  });

  it.each(['charge', 'hold', 'grant'])('checklist 59: the database refuses a %s below zero', async (kind) => {
    const item = { index: 0, kind, accountId: user.accountId, amount: -5, operation: 'x', expiresInSeconds: 60 };
    const refused = app.database.query('SELECT * FROM ledger_apply($1, 0)', [JSON.stringify([item])]);
    await expect(refused).rejects.toThrow(/_check/);
  });

  it('makes the partitions that are missing, and says which cannot be', async () => {
    const partitions = async () =>
      (
        await app.database.query<{ name: string }>(
          `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'entries'::regclass ORDER BY 1`,
        )
      ).map(({ name }) => name);
    const before = await partitions();
    expect(before).toHaveLength(14);
    const furthest = before.at(-2)!; // The last is the default one.
    await app.database.query(`DROP TABLE ${furthest}`);
    expect(await app.database.query('SELECT ledger_make_partitions(12)')).toEqual([]);
    expect(await partitions()).toEqual(before);
    await expect(app.database.query(`TRUNCATE ${furthest}`)).rejects.toThrow('never changed or deleted');

    expect(await app.database.query('SELECT ledger_make_partitions(13)')).toEqual([]);
    expect(await partitions()).toHaveLength(15);
    await app.database.query(
      `INSERT INTO entries (account_id, sequence, created_at, kind, operation, amount, allowance_change, balance_after)
       VALUES (0, 1, date_trunc('month', now()) + interval '14 months 3 days', 'grant', 'x', 0, 0, 0)`,
    );
    expect(await app.database.query('SELECT ledger_make_partitions(14) AS month')).toHaveLength(1);
    expect(await partitions()).toHaveLength(15);
  });
});

describe('races', () => {
  const statuses = (replies: Reply[]) => replies.map(({ status }) => status).sort();

  it('checklist 55: of fifty that spend what is enough for k, k succeed', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => charge({ amount: 450 })));
    expect(statuses(replies)).toEqual([...Array<number>(22).fill(201), ...Array<number>(28).fill(402)]);
    expect(await balance()).toMatchObject({ used_credits: 9900 });
  });

  it('checklist 60: a hold is captured or released once', async () => {
    const { id } = await hold({ amount: 100 });
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => settle(id, i % 2 ? 'capture' : 'release', i % 2 ? { amount: 30 } : {})),
    );
    expect(statuses(replies)).toEqual([200, ...Array<number>(39).fill(409)]);
  });

  it('a charge is given back once', async () => {
    const { body } = await charge({ amount: 100 });
    const replies = await Promise.all(
      Array.from({ length: 30 }, () =>
        admin.post('/api/credits/refunds/', { account: user.accountId, charge: body.sequence, amount: 40 }),
      ),
    );
    expect(statuses(replies)).toEqual([201, 201, ...Array<number>(28).fill(422)]);
  });
});
