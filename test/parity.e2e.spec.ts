import type { Client, Reply, SendOptions } from './support/client.js';
import { TestApp, type TestUser } from './support/test-app.js';

/** One core, several dialects: what is done through one is seen by the others, and all refuse the same things alike. */

interface Speaker {
  dialect: string;
  /** A call that is a POST and takes no fields; but for rpc, which has none, it changes something. */
  change: string;
  /** A call that any credential of a person may make. */
  read: { method: 'GET' | 'POST'; path: string };
  /** What it calls the status, the sentence and our code of a refusal. Envelope has no place for the code. */
  refusalOf(body: Record<string, unknown>): { status: unknown; message: unknown; code?: unknown };
}

const SPEAKERS: Speaker[] = [
  {
    dialect: 'envelope',
    change: '/api/v1/users/api-key/update/',
    read: { method: 'POST', path: '/api/v1/users/profile' },
    refusalOf: (body) => ({ status: body.code, message: body.data }),
  },
  {
    dialect: 'rest',
    change: '/api/users/me/token/regenerate/',
    read: { method: 'GET', path: '/api/users/me/' },
    refusalOf: (body) => ({ status: body.status, message: body.detail, code: body.code }),
  },
  {
    dialect: 'rpc',
    change: '/v1/user/List',
    read: { method: 'POST', path: '/v1/user/List' },
    refusalOf: (body) => ({ status: body.code, message: body.detail, code: body.id }),
  },
];
type Body = Record<string, unknown>;
type Answer = [Speaker, Reply<Body>];

const [ENVELOPE, REST, RPC] = SPEAKERS as [Speaker, Speaker, Speaker];
const EVERYWHERE = SPEAKERS.map(() => true);
const NOWHERE = SPEAKERS.map(() => false);

let app: TestApp;
let user: TestUser;
/** Whose directory over rpc is the platform's. */
let administrator: Client;

beforeAll(async () => {
  app = await TestApp.start();
  administrator = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
});
afterAll(() => app.stop());
beforeEach(async () => {
  user = await app.aUser({ name: 'Alice Smith' });
});

describe('refuses alike, in each its own words:', () => {
  const json = { 'content-type': 'application/json' };
  const cases: [what: string, status: number, call: () => SendOptions][] = [
    ['no credential', 401, () => ({})],
    ['a credential that is none of ours', 401, () => ({ headers: { 'x-api-key': 'tgk0000' } })],
    ['a scheme that is none of ours', 401, () => ({ headers: { authorization: `Basic ${user.apiKey}` } })],
    ['a forged credential', 401, () => ({ headers: { 'x-api-key': swapped(user.apiKey) } })],
    ['a key where a session belongs', 401, () => ({ headers: { 'x-session-token': user.apiKey } })],
    ['two credentials', 400, () => ({ headers: { 'x-api-key': user.apiKey, 'x-session-token': user.session } })],
    [
      'a change from another origin that rests on the cookie',
      403,
      () => ({ headers: { cookie: `session=${user.session}`, origin: 'https://evil.example' } }),
    ],
    ['broken JSON', 400, () => ({ headers: { ...json, 'x-api-key': user.session }, body: '{"broken' })],
    ['a body that is no object', 400, () => ({ headers: { ...json, 'x-api-key': user.session }, body: '[1]' })],
    ['a field that it does not know', 400, () => ({ headers: { 'x-api-key': user.session }, body: { color: 'red' } })],
    [
      'a body of another type',
      415,
      () => ({ headers: { 'content-type': 'text/plain', 'x-api-key': user.session }, body: 'hello' }),
    ],
    [
      'a body that is too large',
      413,
      () => ({ headers: { ...json, 'x-api-key': user.session }, body: `"${'x'.repeat(300_000)}"` }),
    ],
  ];

  /** Rpc ignores fields that it does not know, and calls everything that is wrong with a body 400. */
  const notInRpc = ['a field that it does not know', 'a body that is too large'];

  it.each(cases)('%s', async (what, status, call) => {
    const speakers = SPEAKERS.filter((speaker) => speaker !== RPC || !notInRpc.includes(what));
    const answers = await Promise.all(
      speakers.map(async (speaker): Promise<Answer> => [
        speaker,
        await app.client().send('POST', speaker.change, call()),
      ]),
    );

    expectAlike(status, answers);
    expect(await isGood(user.apiKey)).toEqual(EVERYWHERE);
    expect(await isGood(user.accessToken)).toEqual(EVERYWHERE);
  });
});

describe('one and the same:', () => {
  it('the person', async () => {
    const [profile, me] = await people();
    expect(profile).toMatchObject({ id: user.number, name: 'Alice Smith', email: user.email });
    expect(me).toMatchObject({ first_name: 'Alice', last_name: 'Smith', email: user.email });
  });

  it('the credits', async () => {
    const client = app.client({ 'x-api-key': user.apiKey });
    const envelope = await client.post<{ data: Record<string, unknown> }>('/api/v1/users/credits/');
    const rest = await client.get<Record<string, unknown>>('/api/credits/');

    const { account, ...numbers } = rest.body;
    const wholeSeconds = Object.entries(numbers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(/\.\d+Z$/, 'Z') : value,
    ]);
    expect(envelope.body.data).toEqual({ id: account, user: user.number, ...Object.fromEntries(wholeSeconds) });
  });

  it('the credentials, whoever shows them', async () => {
    expect(await isGood(user.session)).toEqual(EVERYWHERE);
    expect(await isGood(user.apiKey)).toEqual(EVERYWHERE);
    expect(await isGood(user.accessToken)).toEqual(EVERYWHERE);
  });

  it('the rule for passwords', async () => {
    const change = await app.client({ 'x-api-key': user.session }).post<Body>('/api/v1/users/password/change', {
      old_password: user.password,
      new_password: 'password123',
    });
    const signUp = await app.client().post<Body>('/api/users/', { email: 'new@example.com', password: 'password123' });

    const create = await administrator.post<Body>('/v1/user/Create', {
      email: 'new@example.com',
      password: 'password123',
    });

    change.body.data = String(change.body.data).replace('new_password', 'password');
    expectAlike(400, [
      [ENVELOPE, change],
      [REST, signUp],
      [RPC, create],
    ]);
  });

  it('the rule for email addresses', async () => {
    const email = 'not an address';
    const { password } = user;
    const update = await app
      .client({ 'x-api-key': user.session })
      .post<Body>('/api/v1/users/profile/update', { email });
    expectAlike(400, [
      [ENVELOPE, update],
      [REST, await app.client().post<Body>('/api/users/', { email, password })],
      [RPC, await administrator.post<Body>('/v1/user/Create', { email, password })],
    ]);
  });

  it('the password', async () => {
    const { email } = user;
    for (const password of [user.password, 'wrong']) {
      const envelope = await app.client().post<Body>('/api/v1/users/login', { email, password });
      const rpc = await administrator.post<Body>('/v1/user/Login', { email, password });
      if (password === user.password) {
        expect([envelope.status, rpc.status]).toEqual([200, 200]);
        expect(await isGood((rpc.body as { session: { id: string } }).session.id)).toEqual(EVERYWHERE);
      } else {
        expectAlike(401, [
          [ENVELOPE, envelope],
          [RPC, rpc],
        ]);
      }
    }
  });

  it('the person, as an administrator reads them', async () => {
    const [, me] = await people();
    const account = await accountOf(user.email);
    expect(me).toMatchObject({
      external_id: account.id,
      email: account.email,
      username: account.username,
      email_verified: account.verified,
    });
  });
});

describe('what one does, the others see:', () => {
  it('an access token that rest regenerates', async () => {
    const { body } = await change(REST);
    expect(await isGood(user.accessToken)).toEqual(NOWHERE);
    expect(await isGood((body as { access_token: string }).access_token)).toEqual(EVERYWHERE);
  });

  it('an API key that envelope rotates', async () => {
    await change(ENVELOPE);
    expect(await isGood(user.apiKey)).toEqual(NOWHERE);
    const details = await app
      .client({ 'x-api-key': user.session })
      .post<{ data: { api_key: string } }>('/api/v1/users/account-details');
    expect(await isGood(details.body.data.api_key)).toEqual(EVERYWHERE);
  });

  it('a profile that envelope updates', async () => {
    const email = `new-${user.email}`;
    await app
      .client({ 'x-api-key': user.session })
      .post('/api/v1/users/profile/update', { name: 'Jane van der Berg', email });
    const [profile, me] = await people();
    expect(profile).toMatchObject({ name: 'Jane van der Berg', email });
    expect(me).toMatchObject({ first_name: 'Jane', last_name: 'van der Berg', email, username: email });
  });

  it('an email address and a username that rpc updates', async () => {
    const { id } = await accountOf(user.email);
    const email = `new-${user.email}`;
    const username = `u${user.id}`;
    expect((await administrator.post('/v1/user/Update', { id, email, username })).status).toBe(200);
    const [profile, me] = await people();
    expect(profile).toMatchObject({ email });
    expect(me).toMatchObject({ email, username });
  });

  it('sessions that rpc ends', async () => {
    const { id } = await accountOf(user.email);
    expect((await administrator.post('/v1/user/LogoutAll', { user_id: id })).status).toBe(200);
    expect(await isGood(user.session)).toEqual(NOWHERE);
    expect(await isGood(user.apiKey)).toEqual(EVERYWHERE);
  });

  it('a session that rest ends', async () => {
    await app.client({ 'x-session-token': user.session }).post('/api/users/me/logout/');
    expect(await isGood(user.session)).toEqual(NOWHERE);
  });

  it('a password that envelope changes, which ends the sessions that rest lists', async () => {
    const other = await app.login(user.email, user.password);
    await app
      .client({ 'x-api-key': user.session })
      .post('/api/v1/users/password/change', { old_password: user.password, new_password: 'another good one' });
    expect(await isGood(other.session)).toEqual(NOWHERE);
    const sessions = await app
      .client({ 'x-api-key': user.session })
      .get<{ items: { current: boolean }[] }>('/api/users/me/sessions/');
    expect(sessions.body.items.map(({ current }) => current)).toEqual([true]);
  });
});

/** Each in its own words: rpc in lower case, envelope without our code. Envelope or rest comes first. */
function expectAlike(status: number, answers: Answer[]): void {
  const refusals = answers.map(([speaker, { body }]) => speaker.refusalOf(body));
  const message = String(refusals[0]!.message);
  const code = refusals.find((refusal) => refusal.code !== undefined)?.code;
  expect(code).toMatch(/^[a-z]+\.[a-z_]+$/);
  answers.forEach(([speaker, reply], i) => {
    expect([speaker.dialect, reply.status, refusals[i]]).toEqual([
      speaker.dialect,
      status,
      {
        status,
        message: speaker === RPC ? message.toLowerCase() : message,
        ...(speaker === ENVELOPE ? {} : { code }),
      },
    ]);
  });
}

async function accountOf(email: string) {
  const { body } = await administrator.post<{
    account: { id: string; email: string; username: string; verified: boolean };
  }>('/v1/user/Read', { email });
  return body.account;
}

/** In the order of the speakers: whether a credential opens their door. */
function isGood(credential: string): Promise<boolean[]> {
  const client = app.client({ authorization: `Bearer ${credential}` });
  return Promise.all(SPEAKERS.map(async ({ read }) => (await client.send(read.method, read.path)).status === 200));
}

function change(speaker: Speaker): Promise<Reply> {
  return app.client({ 'x-api-key': user.session }).post(speaker.change);
}

async function people(): Promise<[profile: object, me: object]> {
  const client = app.client({ 'x-api-key': user.session });
  const profile = await client.post<{ data: object }>(ENVELOPE.read.path);
  const me = await client.get<object>(REST.read.path);
  return [profile.body.data, me.body];
}

/** The same length and alphabet, and a MAC that is not the right one. */
function swapped(credential: string): string {
  const last = credential.endsWith('a') ? 'b' : 'a';
  return credential.slice(0, -1) + last;
}
