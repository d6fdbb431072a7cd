import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/** The seven calls of the envelope page, field for field as in its examples. */

const ISO_WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const USERS = '/api/v1/users';

interface Envelope<Data> {
  code: number;
  data: Data;
  status: number;
}

let app: TestApp;
let alice: TestUser;

beforeAll(async () => {
  app = await TestApp.start();
  alice = await app.aUser({ email: 'alice@example.com', name: 'Alice Smith' });
});
afterAll(() => app.stop());

describe('login', () => {
  it('answers a session and the user, and sets the cookie', async () => {
    const reply = await app
      .client()
      .post<Envelope<{ token: string }>>(`${USERS}/login`, { email: 'alice@example.com', password: PASSWORD });

    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      code: 200,
      data: {
        token: expect.stringMatching(/^tgs[0-9A-Za-z]{44}$/),
        user: { id: alice.number, name: 'Alice Smith', email: 'alice@example.com' },
      },
      status: 1,
    });
    const cookie = reply.headers.get('set-cookie');
    expect(cookie).toBe(`session=${reply.body.data.token}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax`);
  });

  it('finds the user by any spelling of the address', async () => {
    const reply = await app.client().post(`${USERS}/login`, { email: ' ALICE@Example.com. ', password: PASSWORD });
    expect(reply.status).toBe(200);
  });

  it.each([
    ['a wrong password', { email: 'alice@example.com', password: 'not the password' }],
    ['an unknown email', { email: 'nobody@example.com', password: PASSWORD }],
    ['an address that is none', { email: '[email protected]', password: 'S3cur3p@ss' }],
  ])('refuses %s alike', async (_, body) => {
    const reply = await app.client().post(`${USERS}/login`, body);
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ code: 401, data: 'Invalid email or password!', status: 0 });
    expect(reply.headers.get('set-cookie')).toBeNull();
  });
});

describe.each(['session', 'apiKey', 'accessToken'] as const)('with the %s', (kind) => {
  let bob: TestUser;
  let call: <Data>(path: string, body?: unknown) => Promise<{ status: number; body: Envelope<Data> }>;

  beforeEach(async () => {
    bob = await app.aUser({ name: 'Bob Jones' });
    call = (path, body = {}) => app.client().post(`${USERS}/${path}`, body, { 'x-api-key': bob[kind] });
  });

  it('profile', async () => {
    const { body } = await call('profile');
    expect(body).toEqual({
      code: 200,
      data: {
        id: bob.number,
        name: 'Bob Jones',
        email: bob.email,
        created_at: expect.stringMatching(ISO_WHOLE_SECONDS),
        updated_at: expect.stringMatching(ISO_WHOLE_SECONDS),
      },
      status: 1,
    });
  });

  it('profile/update', async () => {
    const { body } = await call('profile/update', {
      name: 'Alice Smith',
      timezone: 'Australia/Brisbane',
      notification_emails: true,
    });
    expect(body).toEqual({
      code: 200,
      data: {
        id: bob.number,
        name: 'Alice Smith',
        email: bob.email,
        timezone: 'Australia/Brisbane',
        notification_emails: true,
        updated_at: expect.stringMatching(ISO_WHOLE_SECONDS),
      },
      status: 1,
    });
  });

  it('password/change', async () => {
    const { body } = await call('password/change', { old_password: PASSWORD, new_password: 'N3wp@ss!' });
    expect(body).toEqual({ code: 200, data: 'Password has been updated', status: 1 });

    const login = (password: string) => app.client().post(`${USERS}/login`, { email: bob.email, password });
    expect((await login('N3wp@ss!')).status).toBe(200);
    expect((await login(PASSWORD)).status).toBe(401);
  });

  it('account-details', async () => {
    const { body } = await call('account-details');
    expect(body).toEqual({
      code: 200,
      data: {
        id: bob.accountId,
        user: bob.number,
        api_key: bob.apiKey,
        system_emails: false,
        update_emails: false,
        notification_emails: false,
        timezone: 'UTC',
        unused_collection_expired: '',
        created_at: expect.stringMatching(ISO_WHOLE_SECONDS),
        updated_at: expect.stringMatching(ISO_WHOLE_SECONDS),
      },
      status: 1,
    });
  });

  it('api-key/update ends the old key and shows the new one in account-details', async () => {
    const { body } = await call('api-key/update/');
    expect(body).toEqual({ code: 200, data: 'API Key Updated successfully!', status: 1 });

    const old = await app.client().post(`${USERS}/profile`, {}, { 'x-api-key': bob.apiKey });
    expect(old.status).toBe(401);
    const details = await app
      .client()
      .post<Envelope<{ api_key: string }>>(`${USERS}/account-details`, {}, { 'x-api-key': bob.session });
    const { api_key: next } = details.body.data;
    expect(next).not.toBe(bob.apiKey);
    expect((await app.client().post(`${USERS}/profile`, {}, { 'x-api-key': next })).status).toBe(200);
  });

  it('credits', async () => {
    const { body } = await call<{ period_end: string; created_at: string }>('credits/');
    expect(body).toEqual({
      code: 200,
      data: {
        id: bob.accountId,
        user: bob.number,
        available_credits: 10_000,
        used_credits: 0,
        frozen_credits: 0,
        spendable_credits: 10_000,
        period_end: expect.stringMatching(ISO_WHOLE_SECONDS),
        created_at: expect.stringMatching(ISO_WHOLE_SECONDS),
        updated_at: expect.stringMatching(ISO_WHOLE_SECONDS),
      },
      status: 1,
    });
    const days = (Date.parse(body.data.period_end) - Date.parse(body.data.created_at)) / 86_400_000;
    expect([28, 29, 30, 31]).toContain(days);
  });
});

describe('profile/update', () => {
  const update = (user: TestUser, body: unknown) =>
    app.client().post<Envelope<Record<string, unknown>>>(`${USERS}/profile/update`, body, { 'x-api-key': user.apiKey });

  it('changes only what is given, and answers the preferences that it changed', async () => {
    const user = await app.aUser({ name: 'Carol' });
    const reply = await update(user, { system_emails: true, update_emails: true, unused_collection_expired: 'notify' });
    expect(reply.body.data).toMatchObject({
      name: 'Carol',
      system_emails: true,
      update_emails: true,
      unused_collection_expired: 'notify',
    });
  });

  it('makes a changed email the login at once, not verified, and tells the old address', async () => {
    const user = await app.aUser();
    await app.database.query(`UPDATE users SET email_verified_at = now() WHERE id = $1`, [user.id]);
    const email = `new-${user.email}`;

    const reply = await update(user, { email: ` ${email.toUpperCase()} ` });
    expect(reply.body.data).toMatchObject({ email });

    const login = (address: string) => app.client().post(`${USERS}/login`, { email: address, password: PASSWORD });
    expect((await login(email)).status).toBe(200);
    expect((await login(user.email)).status).toBe(401);
    const me = await app.client().get('/api/users/me/', { 'x-api-key': user.apiKey });
    expect(me.body).toMatchObject({ email, email_verified: false });
    const mails = await app.database.query(`SELECT recipient, category, text FROM mails WHERE user_id = $1`, [user.id]);
    expect(mails).toEqual([{ recipient: user.email, category: 'security', text: expect.stringContaining(email) }]);
  });

  it('refuses an email that somebody else has, and changes nothing', async () => {
    const user = await app.aUser({ name: 'Dora' });
    const reply = await update(user, { email: 'Alice@example.com', name: 'Mallory', timezone: 'Europe/Paris' });
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 409, status: 0 });
    const details = await app.client().post<Envelope<object>>(`${USERS}/profile`, {}, { 'x-api-key': user.apiKey });
    expect(details.body.data).toMatchObject({ name: 'Dora', email: user.email });
  });

  it.each(['Mars/Olympus', '+10:00', 'australia/brisbane', 'PST', 'SystemV/PST8', ' ', 'Australia/Brisbane\u0000'])(
    'refuses the time zone %j',
    async (timezone) => {
      const reply = await update(alice, { timezone });
      expect(reply.status).toBe(400);
      expect(reply.body.data).toContain('timezone');
    },
  );
});

it.each(['UTC', 'Asia/Kolkata', 'America/Argentina/Ushuaia', 'Etc/GMT+5'])(
  'takes the time zone %s',
  async (timezone) => {
    const reply = await app.client().post(`${USERS}/profile/update`, { timezone }, { 'x-api-key': alice.apiKey });
    expect(reply.body).toMatchObject({ data: { timezone } });
  },
);

it('takes names of one line only', async () => {
  const reply = await app.client().post(`${USERS}/profile/update`, { name: 'a\r\nb' }, { 'x-api-key': alice.apiKey });
  expect(reply.status).toBe(400);
});

describe('password/change', () => {
  const change = (user: TestUser, body: unknown, credential = user.session) =>
    app.client().post<Envelope<string>>(`${USERS}/password/change`, body, { authorization: `Bearer ${credential}` });

  it('ends all other sessions; this one, the key and the token stay', async () => {
    const user = await app.aUser();
    const other = await app.login(user.email, PASSWORD);
    await change(user, { old_password: PASSWORD, new_password: 'another good one' });

    const isAlive = async (credential: string) =>
      (await app.client().get('/api/users/me/', { authorization: `Bearer ${credential}` })).status === 200;
    expect(await isAlive(other.session)).toBe(false);
    expect(await isAlive(user.session)).toBe(true);
    expect(await isAlive(user.apiKey)).toBe(true);
    expect(await isAlive(user.accessToken)).toBe(true);
    expect(await app.database.query('SELECT subject FROM mails WHERE user_id = $1', [user.id])).toEqual([
      { subject: 'Your password was changed' },
    ]);
  });

  it.each([
    ['a wrong old password', { old_password: 'wrong', new_password: 'another good one' }, 401],
    ['a new one that is the old one', { old_password: PASSWORD, new_password: PASSWORD }, 400],
    ['a short one', { old_password: PASSWORD, new_password: 'seven77' }, 400],
    ['a common one', { old_password: PASSWORD, new_password: 'Password123' }, 400],
    ['the email as password', { old_password: PASSWORD, new_password: 'ALICE@example.com' }, 400],
    ['the name as password', { old_password: PASSWORD, new_password: 'alice smith' }, 400],
  ])('refuses %s and changes nothing', async (_, body, status) => {
    const reply = await change(alice, body);
    expect(reply.body).toMatchObject({ code: status, status: 0 });
    expect((await app.client().post(`${USERS}/login`, { email: alice.email, password: PASSWORD })).status).toBe(200);
  });
});

it('takes reads without a body, and URLs with and without a slash at the end', async () => {
  for (const path of ['profile', 'profile/', 'credits', 'credits/', 'api-key/update', 'account-details/']) {
    const reply = await app.client().post(`${USERS}/${path}`, undefined, { 'x-api-key': alice.session });
    expect([path, reply.status]).toEqual([path, 200]);
  }
});
