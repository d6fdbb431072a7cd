import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import type { Reply } from './support/client.js';
import { PinnedClient } from './support/pinned-client.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD } from './support/test-app.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** What holds for one process holds for several workers at once: nothing is remembered, and nothing happens twice. */

const CLIENTS = 200;
/** What is left of an account's credits when the calls that make somebody are paid. */
const CREDITS = 50;
const PAID = 2;

let database: TestDatabase;
let dataDir: string;
let server: ServerProcess;
/** Each has a connection to one of the two workers. */
let here: PinnedClient;
let there: PinnedClient;
let crowd: { client: PinnedClient; pid: number }[];

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'tollgate-workers-'));
  server = await ServerProcess.start({
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    SECRET_KEY,
    WEB_CONCURRENCY: '2',
    CREDITS_PER_PERIOD: String(CREDITS + PAID),
    RATE_LIMITS: 'off',
  });
  [here, there] = [...(await PinnedClient.toEach(server, 2)).values()] as [PinnedClient, PinnedClient];
  crowd = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = new PinnedClient(server.url);
      return { client, pid: await client.workerPid(server) };
    }),
  );
});
afterAll(async () => {
  for (const client of [here, there, ...(crowd ?? []).map(({ client }) => client)]) {
    client?.close();
  }
  await server?.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
let people = 0;

interface Person {
  email: string;
  session: string;
  accessToken: string;
  apiKey: string;
  otherSession: string;
  /** Somebody in this person's own directory. */
  managed: { id: string; session: string };
}

async function logIn(email: string): Promise<string> {
  const login = await here.post<{ data: { token: string } }>('/api/v1/users/login', { email, password: PASSWORD });
  return login.body.data.token;
}

async function somebody(): Promise<Person> {
  const email = `person-${people++}@example.com`;
  await here.post('/api/users/', { email, password: PASSWORD });
  const session = await logIn(email);
  const details = await here.post<{ data: { api_key: string } }>(
    '/api/v1/users/account-details',
    undefined,
    bearer(session),
  );
  const token = await here.get<{ access_token: string }>('/api/users/me/token/', bearer(session));
  const apiKey = details.body.data.api_key;
  return {
    email,
    session,
    accessToken: token.body.access_token,
    apiKey,
    otherSession: await logIn(email),
    managed: await somebodyManaged(apiKey),
  };
}

async function somebodyManaged(apiKey: string): Promise<Person['managed']> {
  const id = `managed-${people}`;
  await here.post(
    '/v1/user/Create',
    { id, username: id, email: `${id}@example.com`, password: PASSWORD },
    bearer(apiKey),
  );
  const login = await here.post<{ session: { id: string } }>(
    '/v1/user/Login',
    { username: id, password: PASSWORD },
    bearer(apiKey),
  );
  return { id, session: login.body.session.id };
}

/** Which of a person's credentials, and what ends it. */
const ENDS: [string, (person: Person) => { credential: string; end: () => Promise<Reply> }][] = [
  [
    'the rotation of an access token',
    ({ accessToken }) => ({
      credential: accessToken,
      end: () => there.post('/api/users/me/token/regenerate/', undefined, bearer(accessToken)),
    }),
  ],
  [
    'the rotation of an API key',
    ({ apiKey }) => ({
      credential: apiKey,
      end: () => there.post('/api/v1/users/api-key/update/', undefined, bearer(apiKey)),
    }),
  ],
  [
    'a logout',
    ({ session }) => ({
      credential: session,
      end: () => there.post('/api/users/me/logout/', undefined, bearer(session)),
    }),
  ],
  [
    'the end of all other sessions',
    ({ session, otherSession }) => ({
      credential: otherSession,
      end: () => there.send('DELETE', '/api/users/me/sessions/', undefined, bearer(session)),
    }),
  ],
  [
    'a change of the password',
    ({ session, apiKey }) => ({
      credential: session,
      end: () =>
        there.post(
          '/api/v1/users/password/change',
          { old_password: PASSWORD, new_password: 'another horse battery' },
          bearer(apiKey),
        ),
    }),
  ],
  [
    'a logout of everything by whoever manages the user',
    ({ apiKey, managed }) => ({
      credential: managed.session,
      end: () => there.post('/v1/user/LogoutAll', { user_id: managed.id }, bearer(apiKey)),
    }),
  ],
];

it.each(ENDS)('checklist 33: once %s has been answered, no worker accepts what was ended', async (_, prepare) => {
  const { credential, end } = prepare(await somebody());
  let isOver = false;
  const asked: { startedAt: number; status: number; pid: number }[] = [];
  const hammering = crowd.map(async ({ client, pid }) => {
    while (!isOver) {
      const startedAt = performance.now();
      const { status } = await client.ask('GET', '/api/users/me/', undefined, bearer(credential));
      asked.push({ startedAt, status, pid });
      // Some hundreds per second: more would only make the answer that matters wait in a queue of this process.
      await sleep(Math.random() * 500);
    }
  });
  let endedAt: number;
  try {
    await eventually(() => asked.length >= 2 * CLIENTS);
    expect([200, 204]).toContain((await end()).status);
    endedAt = performance.now();
    const before = asked.length;
    await eventually(() => asked.length >= before + 3 * CLIENTS);
  } finally {
    isOver = true;
    await Promise.all(hammering);
  }
  const workersOf = (requests: typeof asked) => new Set(requests.map(({ pid }) => pid)).size;
  const later = asked.filter(({ startedAt }) => startedAt > endedAt);
  expect(later.filter(({ status }) => status !== 401)).toEqual([]);
  expect(workersOf(later)).toBe(2);
  // Until then it was good with both of them.
  expect(workersOf(asked.filter(({ status }) => status === 200))).toBe(2);
  expect(asked.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
});

it('checklist 33: of two rotations at once through two workers one wins, and both answers are true', async () => {
  const { accessToken, session } = await somebody();
  const rotate = (client: PinnedClient) =>
    client.post<{ access_token?: string }>('/api/users/me/token/regenerate/', undefined, bearer(accessToken));
  const replies = await Promise.all([rotate(here), rotate(there), rotate(here), rotate(there)]);
  const winners = replies.filter(({ status }) => status === 200);
  expect(replies.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
  const { body } = await there.get<{ access_token: string }>('/api/users/me/token/', bearer(session));
  expect(winners.map((winner) => winner.body.access_token)).toContain(body.access_token);
  expect((await here.get('/api/users/me/', bearer(body.access_token))).status).toBe(200);
  expect((await here.get('/api/users/me/', bearer(accessToken))).status).toBe(401);
});

it('checklist 55: of many charges at once, as many succeed as there are credits, whichever worker takes them', async () => {
  const { apiKey, session } = await somebody();
  const replies = await Promise.all(
    crowd.map(({ client }) => client.post('/api/credits/charges/', { amount: 1, operation: 'test' }, bearer(apiKey))),
  );
  const count = (wanted: number) => replies.filter(({ status }) => status === wanted).length;
  expect([count(201), count(402)]).toEqual([CREDITS, CLIENTS - CREDITS]);
  const { body } = await there.get<{ spendable_credits: number }>('/api/credits/', bearer(session));
  expect(body.spendable_credits).toBe(0);
});

it('checklist 56: one idempotency key through both workers at once is one charge with one answer', async () => {
  const { apiKey } = await somebody();
  const replies = await Promise.all(
    crowd.map(({ client }) =>
      client.post<{ sequence: number }>(
        '/api/credits/charges/',
        { amount: 7, operation: 'test' },
        { ...bearer(apiKey), 'idempotency-key': 'the-same' },
      ),
    ),
  );
  const answered = replies.filter(({ status }) => status === 201);
  expect(replies.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
  expect(answered.length).toBeGreaterThan(0);
  expect(new Set(answered.map(({ body }) => body.sequence)).size).toBe(1);
  const { body } = await there.get<{ spendable_credits: number }>('/api/credits/', bearer(apiKey));
  expect(body.spendable_credits).toBe(CREDITS - 7);
});

/** The one mail to an address, once it is in its file. */
async function mailTo(address: string): Promise<string> {
  let text: string | undefined;
  await eventually(async () => {
    const folder = join(dataDir, 'mails');
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml'));
    const mails = await Promise.all(names.map(async (name) => PostalMime.parse(await readFile(join(folder, name)))));
    text = mails.find(({ to }) => to?.[0]?.address === address)?.text;
    return text !== undefined;
  });
  return text!;
}

it('checklist 12: a code redeemed through both workers at once is good once', async () => {
  const { apiKey } = await somebody();
  const by = bearer(apiKey);
  const email = 'joe-of-codes@example.com';
  await here.post('/v1/user/Create', { id: 'joe-of-codes', email, password: PASSWORD }, by);
  await here.post('/v1/user/SendPasswordResetEmail', { email }, by);
  const code = /^([2-9A-HJKMNP-Z]{8})\r?$/m.exec(await mailTo(email))![1]!;
  const replies = await Promise.all(
    crowd.slice(0, 40).map(({ client }, i) => {
      const password = `password ${i} of forty`;
      return client.post(
        '/v1/user/ResetPassword',
        { code, email, new_password: password, confirm_password: password },
        by,
      );
    }),
  );
  expect(new Set(crowd.slice(0, 40).map(({ pid }) => pid)).size).toBe(2);
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  const winner = replies.findIndex(({ status }) => status === 200);
  const login = await there.post('/v1/user/Login', { username: email, password: `password ${winner} of forty` }, by);
  expect(login.status).toBe(200);
});
