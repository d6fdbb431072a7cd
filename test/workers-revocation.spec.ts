import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import type { Reply } from './support/client.js';
import { PinnedClient } from './support/pinned-client.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { ADMIN, PASSWORD } from './support/test-app.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** What holds for one process holds for several workers at once: nothing is remembered, and nothing happens twice. */

const CLIENTS = 200;
/** How often each of them asks, on average. Together they ask more than 1,000 times a second, if they are answered soon. */
const PAUSE_MS = 160;
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
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
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

async function logIn(email: string, password = PASSWORD): Promise<string> {
  const login = await here.post<{ data: { token: string } }>('/api/v1/users/login', { email, password });
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

/** Deletes somebody who signed up here. */
async function deleteAsAdministrator(email: string): Promise<void> {
  const by = bearer(await logIn(ADMIN.email, ADMIN.password));
  const { body } = await there.post<{ account: { id: string } }>('/v1/user/Read', { email }, by);
  await done(there.post('/v1/user/Delete', { id: body.account.id }, by));
}

async function done(reply: Promise<Reply>): Promise<void> {
  expect([200, 204]).toContain((await reply).status);
}

/** Which of a person's credentials, and what ends it. */
const ENDS: [string, (person: Person) => { credential: string; end: () => Promise<unknown> }][] = [
  [
    'the rotation of an access token',
    ({ accessToken }) => ({
      credential: accessToken,
      end: () => done(there.post('/api/users/me/token/regenerate/', undefined, bearer(accessToken))),
    }),
  ],
  [
    'the rotation of an API key',
    ({ apiKey }) => ({
      credential: apiKey,
      end: () => done(there.post('/api/v1/users/api-key/update/', undefined, bearer(apiKey))),
    }),
  ],
  [
    'a logout',
    ({ session }) => ({
      credential: session,
      end: () => done(there.post('/api/users/me/logout/', undefined, bearer(session))),
    }),
  ],
  [
    'the end of all other sessions',
    ({ session, otherSession }) => ({
      credential: otherSession,
      end: () => done(there.send('DELETE', '/api/users/me/sessions/', undefined, bearer(session))),
    }),
  ],
  [
    'a change of the password',
    ({ session, apiKey }) => ({
      credential: session,
      end: () =>
        done(
          there.post(
            '/api/v1/users/password/change',
            { old_password: PASSWORD, new_password: 'another horse battery' },
            bearer(apiKey),
          ),
        ),
    }),
  ],
  [
    'a logout of everything by whoever manages the user',
    ({ apiKey, managed }) => ({
      credential: managed.session,
      end: () => done(there.post('/v1/user/LogoutAll', { user_id: managed.id }, bearer(apiKey))),
    }),
  ],
  [
    'the disabling of the user',
    ({ email, session }) => ({
      credential: session,
      end: () => database.query('UPDATE users SET disabled_at = now() WHERE email = $1', [email]),
    }),
  ],
  [
    'the deletion of the user by whoever manages them',
    ({ apiKey, managed }) => ({
      credential: managed.session,
      end: () => done(there.post('/v1/user/Delete', { id: managed.id }, bearer(apiKey))),
    }),
  ],
  [
    'the deletion of the user by an administrator',
    ({ email, apiKey }) => ({ credential: apiKey, end: () => deleteAsAdministrator(email) }),
  ],
];

it.each(ENDS)('checklist 28, 33: once %s has been answered, no worker accepts what was ended', async (_, prepare) => {
  const { credential, end } = prepare(await somebody());
  let isOver = false;
  const asked: { startedAt: number; status: number; pid: number }[] = [];
  const hammering = crowd.map(async ({ client, pid }) => {
    while (!isOver) {
      const startedAt = performance.now();
      const { status } = await client.ask('GET', '/api/users/me/', undefined, bearer(credential));
      asked.push({ startedAt, status, pid });
      await sleep(startedAt + Math.random() * 2 * PAUSE_MS - performance.now());
    }
  });
  let endedAt: number;
  try {
    await eventually(() => asked.length >= 2 * CLIENTS);
    await end();
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

/** A credential that its owner replaces by presenting it, and where the one that is good is shown to a session. */
const ROTATIONS = [
  {
    kind: 'access token',
    old: ({ accessToken }: Person) => accessToken,
    path: '/api/users/me/token/regenerate/',
    show: async (client: PinnedClient, session: string) =>
      (await client.get<{ access_token: string }>('/api/users/me/token/', bearer(session))).body.access_token,
  },
  {
    kind: 'API key',
    old: ({ apiKey }: Person) => apiKey,
    path: '/api/v1/users/api-key/update/',
    show: async (client: PinnedClient, session: string) =>
      (await client.post<{ data: { api_key: string } }>('/api/v1/users/account-details', undefined, bearer(session)))
        .body.data.api_key,
  },
];

it.each(ROTATIONS)(
  'checklist 33: of many rotations of one $kind at once through two workers one wins, and all answers are true',
  async ({ old, path, show }) => {
    const person = await somebody();
    const rotate = ({ client }: (typeof crowd)[number]) =>
      client.post<{ access_token?: string }>(path, undefined, bearer(old(person)));
    const rivals = crowd.slice(0, 20);
    expect(new Set(rivals.map(({ pid }) => pid)).size).toBe(2);
    const replies = await Promise.all(rivals.map(rotate));
    const winners = replies.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    // The others were told that what they presented is good no more.
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(rivals.length - 1);

    const told = winners[0]!.body.access_token;
    for (const client of [here, there]) {
      const shown = await show(client, person.session);
      expect(shown).toBe(told ?? shown); // The rotation of a key tells no key.
      expect((await client.get('/api/users/me/', bearer(shown))).status).toBe(200);
      expect((await client.get('/api/users/me/', bearer(old(person)))).status).toBe(401);
    }
  },
);

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
