import type { Reply, SendOptions } from './support/client.js';
import { TestApp, type TestUser } from './support/test-app.js';

/** One core, several dialects: what is done through one is seen by the other, and both refuse the same things alike. */

interface Speaker {
  dialect: string;
  /** A call that changes something and takes no fields. */
  change: string;
  /** A call that is answered to the caller about the caller. */
  read: { method: 'GET' | 'POST'; path: string };
  /** What it calls the status and the sentence of a refusal. Envelope has no place for our error code. */
  refusalOf(body: Record<string, unknown>): { status: unknown; message: unknown };
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
    refusalOf: (body) => ({ status: body.status, message: body.detail }),
  },
];
const [ENVELOPE, REST] = SPEAKERS as [Speaker, Speaker];

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await TestApp.start();
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
    ['a body that is no object', 400, () => ({ headers: { ...json, 'x-api-key': user.session }, body: '[]' })],
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

  it.each(cases)('%s', async (_, status, call) => {
    const refusals = await Promise.all(
      SPEAKERS.map(async ({ change, refusalOf }) => {
        const reply = await app.client().send<Record<string, unknown>>('POST', change, call());
        return { httpStatus: reply.status, ...refusalOf(reply.body) };
      }),
    );

    expect(refusals[0]).toMatchObject({ httpStatus: status, status });
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    expect(await isGood(user.apiKey)).toEqual([true, true]);
    expect(await isGood(user.accessToken)).toEqual([true, true]);
  });
});

describe('one and the same:', () => {
  it('the person', async () => {
    const [profile, me] = await people();
    expect(profile).toMatchObject({ id: user.id, name: 'Alice Smith', email: user.email });
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
    expect(envelope.body.data).toEqual({ id: account, user: user.id, ...Object.fromEntries(wholeSeconds) });
  });

  it('the credentials, whoever shows them', async () => {
    expect(await isGood(user.session)).toEqual([true, true]);
    expect(await isGood(user.apiKey)).toEqual([true, true]);
    expect(await isGood(user.accessToken)).toEqual([true, true]);
  });

  it('the rule for passwords', async () => {
    const change = await app
      .client({ 'x-api-key': user.session })
      .post<Record<string, unknown>>('/api/v1/users/password/change', {
        old_password: user.password,
        new_password: 'password123',
      });
    const signUp = await app
      .client()
      .post<Record<string, unknown>>('/api/users/', { email: 'new@example.com', password: 'password123' });

    const { message, ...refusal } = ENVELOPE.refusalOf(change.body);
    expect({ ...refusal, message: String(message).replace('new_password', 'password') }).toEqual(
      REST.refusalOf(signUp.body),
    );
    expect(refusal.status).toBe(400);
  });

  it('the rule for email addresses', async () => {
    const email = 'not an address';
    const update = await app
      .client({ 'x-api-key': user.session })
      .post<Record<string, unknown>>('/api/v1/users/profile/update', { email });
    const signUp = await app.client().post<Record<string, unknown>>('/api/users/', { email, password: user.password });
    expect(ENVELOPE.refusalOf(update.body)).toEqual(REST.refusalOf(signUp.body));
    expect(update.status).toBe(400);
  });
});

describe('what one does, the other sees:', () => {
  it('an access token that rest regenerates', async () => {
    const { body } = await change(REST);
    expect(await isGood(user.accessToken)).toEqual([false, false]);
    expect(await isGood((body as { access_token: string }).access_token)).toEqual([true, true]);
  });

  it('an API key that envelope rotates', async () => {
    await change(ENVELOPE);
    expect(await isGood(user.apiKey)).toEqual([false, false]);
    const details = await app
      .client({ 'x-api-key': user.session })
      .post<{ data: { api_key: string } }>('/api/v1/users/account-details');
    expect(await isGood(details.body.data.api_key)).toEqual([true, true]);
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

  it('a session that rest ends', async () => {
    await app.client({ 'x-session-token': user.session }).post('/api/users/me/logout/');
    expect(await isGood(user.session)).toEqual([false, false]);
  });

  it('a password that envelope changes, which ends the sessions that rest lists', async () => {
    const other = await app.login(user.email, user.password);
    await app
      .client({ 'x-api-key': user.session })
      .post('/api/v1/users/password/change', { old_password: user.password, new_password: 'another good one' });
    expect(await isGood(other.session)).toEqual([false, false]);
    const sessions = await app
      .client({ 'x-api-key': user.session })
      .get<{ items: { current: boolean }[] }>('/api/users/me/sessions/');
    expect(sessions.body.items.map(({ current }) => current)).toEqual([true]);
  });
});

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
