import { jest } from '@jest/globals';
import { DirectoryPurge } from '../src/users/directory-purge.js';
import { UserNumbers } from '../src/user-numbers/user-numbers.js';
import type { Reply } from './support/client.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/** The rpc dialect: the users of a directory, for the backend that keeps them here. */

interface Account {
  id: string;
  username: string;
  email: string;
  created: string;
  updated: string;
  verified: boolean;
  verification_date: string;
  verificationDate: string;
  profile: Record<string, string>;
}
interface Session {
  id: string;
  created: string;
  expires: string;
  userId: string;
}

let app: TestApp;
let owner: TestUser;

beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  owner = await app.aUser();
});
afterEach(() => jest.restoreAllMocks());

const call = <Body = unknown>(endpoint: string, body?: unknown, credential = owner.apiKey): Promise<Reply<Body>> =>
  app.client({ authorization: `Bearer ${credential}` }).post<Body>(`/v1/user/${endpoint}`, body);

async function create(fields: Record<string, unknown> = {}): Promise<Account> {
  const number = Math.random().toString(36).slice(2);
  const reply = await call<{ account: Account }>('Create', {
    email: `${number}@example.com`,
    username: `u${number}`,
    password: PASSWORD,
    ...fields,
  });
  expect(reply.status).toBe(200);
  return reply.body.account;
}

async function login(username: string, password = PASSWORD): Promise<Session> {
  const reply = await call<{ session: Session }>('Login', { username, password });
  expect(reply.status).toBe(200);
  return reply.body.session;
}

const read = async (id: string) => (await call<{ account: Account }>('Read', { id })).body.account;

const refused = (reply: Reply, code: number, detail: string | RegExp, id: unknown = expect.any(String)) => {
  expect(reply).toMatchObject({
    status: code,
    body: { id, code, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
  });
  expect(reply.body).toEqual({ id: expect.any(String), code, detail: expect.any(String), status: expect.any(String) });
};

describe('as the page prints them:', () => {
  it('a user is created, read, listed, logged in, read by the session, changed and deleted', async () => {
    const created = await call<{ account: Account }>('Create', {
      email: 'joe@example.com',
      id: 'user-1',
      password: 'Password1',
      username: 'joe',
    });
    const { account } = created.body;
    expect(created.status).toBe(200);
    expect(account).toEqual({
      id: 'user-1',
      username: 'joe',
      email: 'joe@example.com',
      created: expect.stringMatching(/^\d{10}$/),
      updated: expect.stringMatching(/^\d{10}$/),
      verified: false,
      verification_date: '0',
      verificationDate: '0',
      profile: {},
    });
    expect(Math.abs(Number(account.created) - Date.now() / 1000)).toBeLessThan(60);

    for (const by of [{ id: 'user-1' }, { username: 'joe' }, { email: 'joe@example.com' }]) {
      expect((await call('Read', by)).body).toEqual({ account });
    }
    expect((await call('List', { offset: 0, limit: 100 })).body).toEqual({ users: [account] });

    const { session } = (await call<{ session: Session }>('Login', { email: 'joe@example.com', password: 'Password1' }))
      .body;
    expect(session).toEqual({
      id: expect.stringMatching(/^tgs[0-9A-Za-z]{1,61}$/),
      created: expect.stringMatching(/^\d{10}$/),
      expires: String(Number(session.created) + 604_800),
      userId: 'user-1',
    });
    expect((await call('ReadSession', { session_id: session.id })).body).toEqual({ session, account });
    expect((await call('Logout', { session_id: session.id })).body).toEqual({});
    expect((await call('LogoutAll', { user_id: 'user-1' })).body).toEqual({});

    expect((await call('Update', { email: 'joe+2@example.com', id: 'user-1' })).body).toEqual({});
    const change = { confirm_password: 'Password2', new_password: 'Password2', old_password: 'Password1' };
    expect((await call('UpdatePassword', { ...change, userId: 'user-1' })).body).toEqual({});
    expect((await login('joe', 'Password2')).userId).toBe('user-1');

    expect((await call('Delete', { id: 'user-1' })).body).toEqual({});
    refused(await call('Read', { id: 'user-1' }), 404, 'not found', 'users.not_found');
  });

  it('at both names, with the first letter in either case, with or without a slash', async () => {
    const { id } = await create();
    const client = app.client({ 'x-api-key': owner.apiKey });
    for (const path of ['user/Read', 'user/read', 'auth/Read', 'auth/read/', 'user/Read/', 'user/Read?x=1']) {
      expect([path, (await client.post(`/v1/${path}`, { id })).status]).toEqual([path, 200]);
    }
    for (const path of ['user/READ', 'users/Read', 'user/Read/x', 'auth', 'user/logoutall']) {
      refused(await client.post(`/v1/${path}`, { id }), 404, 'not found', 'request.unknown_route');
    }
    refused(await client.get('/v1/auth/read'), 405, /answers to post/);
  });

  it('in both spellings of every field', async () => {
    const { id, username } = await create();
    const session = await login(username);
    expect((await call('ReadSession', { sessionId: session.id })).status).toBe(200);
    expect((await call('LogoutAll', { userId: id })).status).toBe(200);
    refused(await call('ReadSession', { session_id: session.id }), 404, 'not found');

    const passwords = { confirmPassword: 'Password2', newPassword: 'Password2', oldPassword: PASSWORD };
    expect((await call('UpdatePassword', { ...passwords, user_id: id })).status).toBe(200);
    refused(await call('LogoutAll', { userId: id, user_id: 'another' }), 400, /user_id is given twice/);
    expect((await call('LogoutAll', { userId: id, user_id: '' })).status).toBe(200);
  });
});

describe('clients that are strict or sloppy:', () => {
  it('send what was not set as null, empty text, zero or nothing', async () => {
    const unset = { id: null, username: '', profile: {}, email: 'a@example.com', password: PASSWORD };
    const { account } = (await call<{ account: Account }>('Create', unset)).body;
    expect(account.id).toMatch(/^[0-9a-f]{32}$/);
    expect(account.username).toBe('a@example.com');

    expect((await call('Create', { email: 'b@example.com', password: PASSWORD, profile: [] })).status).toBe(200);
    for (const part of [{}, [], { limit: 0, offset: 0 }, { limit: null, offset: null }, { limit: '0', offset: '0' }]) {
      expect((await call<{ users: unknown[] }>('List', part)).body.users).toHaveLength(2);
    }
    const { id, username } = account;
    expect((await call('Update', { id, username: '', email: null, profile: {} })).status).toBe(200);
    expect(await read(id)).toMatchObject({ username, email: 'a@example.com' });
    expect((await call('Login', { username: '', email: 'a@example.com', password: PASSWORD })).status).toBe(200);
  });

  it('send fields that nobody knows, the names of objects among them', async () => {
    const body = '{"id":"ghost-1","email":"ghost@example.com","password":"Password1","role":"admin","toString":1}';
    expect((await call('Create', body)).status).toBe(415);
    const reply = await app
      .client({ 'x-api-key': owner.apiKey })
      .send('POST', '/v1/user/Create', { headers: { 'content-type': 'application/json' }, body });
    expect(reply.status).toBe(200);
    const [row] = await app.database.query(`SELECT role FROM users WHERE external_id = 'ghost-1'`);
    expect(row).toEqual({ role: 'user' });
  });

  it('send numbers of 64 bits as text', async () => {
    const { id } = await create();
    await create();
    const { users } = (await call<{ users: Account[] }>('List', { limit: '1', offset: '0' })).body;
    expect(users.map((user) => user.id)).toEqual([id]);
  });

  it('read every number as text, and every key as there', async () => {
    const account = await create({ profile: { color: 'red' } });
    const { session } = (await call<{ session: Session }>('Login', { email: account.email, password: PASSWORD })).body;
    for (const text of [
      account.created,
      account.updated,
      account.verification_date,
      session.created,
      session.expires,
    ]) {
      expect(text).toMatch(/^(0|[1-9]\d*)$/);
    }
    expect(Object.values(account)).not.toContain(null);
    expect(owner.apiKey).toMatch(/^[a-zA-Z0-9]{1,64}$/);
  });
});

describe('names', () => {
  it('are trimmed and lower-cased, and found in any spelling', async () => {
    const account = await create({ username: ' Jane.Doe ', email: ' Jane@Example.COM. ' });
    expect(account).toMatchObject({ username: 'jane.doe', email: 'jane@example.com' });
    for (const by of [{ username: 'JANE.DOE' }, { email: 'JANE@example.com ' }]) {
      expect((await call('Read', by)).body).toEqual({ account });
    }
    expect((await login('JANE.doe')).userId).toBe(account.id);
  });

  it('may be email addresses, those of others who are not here included', async () => {
    const { id } = await create({ username: 'Somebody@Example.com', email: 'x@example.com' });
    expect(await read(id)).toMatchObject({ username: 'somebody@example.com' });
    expect((await login('somebody@EXAMPLE.com')).userId).toBe(id);
  });

  it('checklist 22: that are addresses name one mailbox: letters beyond ASCII keep their case', async () => {
    for (const email of ['jos\u00c9@example.com', 'jos\u00e9@example.com']) {
      expect((await create({ email })).email).toBe(email);
    }
    const own = await create({ email: 'Zo\u00cb@example.com', username: 'zo\u00cb@Example.com' });
    expect(own).toMatchObject({ email: 'zo\u00cb@example.com', username: 'zo\u00cb@example.com' });
    refused(await call('Create', { email: 'mi\u212ae@example.com', password: PASSWORD }), 400, /^email must be/);
    const as = { email: 'mike@example.com', username: 'mi\u212ae@example.com', password: PASSWORD };
    refused(await call('Create', as), 400, /^username must/);
  });

  it.each([
    ['id', { id: 'taken-1' }],
    ['email', { email: 'Taken@example.com' }],
    ['username', { username: 'TAKEN' }],
  ])('that are taken are refused: %s', async (field, fields) => {
    await create({ id: 'taken-1', email: 'taken@example.com', username: 'taken' });
    refused(
      await call('Create', { email: 'new@example.com', password: PASSWORD, ...fields }),
      400,
      `${field} is already ${field === 'email' ? 'registered' : 'taken'}`,
    );
  });

  it('checklist 9: of somebody else are refused across the fields, whoever comes first', async () => {
    await create({ id: 'one', email: 'one@example.com', username: 'first' });
    const other = await create({ id: 'two', email: 'two@example.com', username: 'three@example.com' });
    const fields = { password: PASSWORD, email: 'four@example.com' };
    refused(await call('Create', { ...fields, username: 'one@example.com' }), 400, /^username/);
    refused(await call('Create', { ...fields, username: 'one' }), 400, /^username/);
    refused(await call('Create', { ...fields, id: 'first' }), 400, /^id/);
    refused(await call('Create', { ...fields, email: 'three@example.com' }), 400, /^email/);
    refused(await call('Update', { id: other.id, username: 'one@example.com' }), 400, /^username/);
    refused(await call('Update', { id: other.id, email: 'one@example.com' }), 400, /^email/);
    expect(await read('two')).toEqual(other);
  });

  it('are given to one of fifty who want them at once', async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        call('Create', { email: `${i}@example.com`, username: 'wanted', password: PASSWORD }),
      ),
    );
    const statuses = replies.map(({ status }) => status).filter((status) => status !== 503);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 400]));
  });

  it.each([
    ['id', 'with space'],
    ['id', 'ünicode'],
    ['id', 'x'.repeat(65)],
    ['id', 42],
    ['email', 'no address'],
    ['email', 'a@b@c'],
    ['email', ['joe@example.com']],
    ['email', 'a@example.com\r\nbcc: b@example.com'],
    ['username', 'with space'],
    ['username', 'x'.repeat(65)],
    ['username', 'line\nbreak'],
    ['username', { $ne: '' }],
    ['profile', 'text'],
    ['profile', ['a']],
    ['profile', { color: 1 }],
    ['profile', { color: null }],
    ['profile', { color: { dark: 'red' } }],
    ['profile', { color: 'nul\0' }],
    ['password', 'short'],
    ['password', 'x'.repeat(257)],
    ['password', 12345678],
  ])('and other fields that cannot be are refused with their name: %s %j', async (field, value) => {
    const reply = await call('Create', { email: 'ok@example.com', password: PASSWORD, [field]: value });
    refused(reply, 400, new RegExp(`^${field} `));
    expect((await call('List')).body).toEqual({ users: [] });
  });

  it.each([
    ['Create', {}, /email is missing; password is missing/],
    ['Create', { email: 'a@example.com' }, /^password is missing/],
    ['Delete', {}, /^id is missing/],
    ['Delete', { id: { $ne: '' } }, /^id must be a string/],
    ['Read', {}, /^one of id, username and email/],
    ['Read', { id: [], username: {}, email: null }, /^one of id, username and email/],
    ['Read', { id: ['a'] }, /^id must be a string/],
    ['Update', { email: 'a@example.com' }, /^id is missing/],
    ['Login', { password: PASSWORD }, /^one of username and email/],
    ['Login', { username: 'a' }, /^password is missing/],
    ['Logout', {}, /^session_id is missing/],
    ['LogoutAll', {}, /^user_id is missing/],
    ['ReadSession', { session_id: 0 }, /^session_id is missing/],
    ['UpdatePassword', { userId: 'a', old_password: 'a', new_password: 'b' }, /^confirm_password is missing/],
  ])('checklist 42: no row is chosen by what is not there: %s %j', async (endpoint, body, detail) => {
    await create();
    refused(await call(endpoint, body), 400, detail, 'request.invalid');
  });
});

describe('profile', () => {
  it('has its limit', async () => {
    const fields = { email: 'big@example.com', password: PASSWORD };
    const big = (length: number) => ({ ...fields, profile: { color: 'x'.repeat(length) } });
    refused(await call('Create', big(16_384)), 400, /^profile must not be longer than 16384 characters/);
    expect((await call('Create', big(16_300))).status).toBe(200);
  });

  it('keeps any text, and is replaced as a whole', async () => {
    const profile = { 'given name': 'Zoë 😀', toString: 'y', userId: '7', empty: '', lines: 'a\nb' };
    const { id } = await create({ profile });
    expect((await read(id)).profile).toEqual(profile);
    await call('Update', { id, profile: { color: 'blue' } });
    expect((await read(id)).profile).toEqual({ color: 'blue' });
    await call('Update', { id, username: 'blue' });
    expect(await read(id)).toMatchObject({ profile: { color: 'blue' }, username: 'blue' });
  });

  it('keeps keys that mean something to JavaScript; the one that no object of it can keep is refused', async () => {
    const profile = { constructor: 'a', prototype: 'b', hasOwnProperty: 'c', valueOf: 'd', toJSON: 'e' };
    const { id } = await create({ profile });
    expect((await read(id)).profile).toEqual(profile);
    expect((await call('Update', { id, username: 'other-name' })).status).toBe(200);
    await call('Update', { id, profile: { constructor: 'g', prototype: 'f' } });
    await call('Update', { id, profile: { constructor: 'g', prototype: 'h' } });
    expect((await read(id)).profile).toEqual({ constructor: 'g', prototype: 'h' });

    const client = app.client({ 'x-api-key': owner.apiKey, 'content-type': 'application/json' });
    const reply = await client.post('/v1/user/Update', `{"id":"${id}","profile":{"__proto__":"a"}}`);
    refused(reply, 400, /__proto__/);
    expect((await read(id)).profile).toEqual({ constructor: 'g', prototype: 'h' });
  });

  it('may have such keys when the user changes something else in envelope', async () => {
    const profile = { hasOwnProperty: 'a', constructor: 'b', toString: 'c' };
    const { id, username } = await create({ profile });
    const session = await login(username);
    const client = app.client({ authorization: `Bearer ${session.id}` });
    expect((await client.post('/api/v1/users/profile/update', { name: 'Joe Doe' })).status).toBe(200);
    expect((await read(id)).profile).toEqual(profile);
  });
});

describe('Update', () => {
  it('checklist 24: of the email makes it unverified; without a change it stays verified', async () => {
    const { id } = await create({ email: 'old@example.com' });
    await app.database.query(`UPDATE users SET email_verified_at = now() WHERE external_id = $1`, [id]);
    await call('Update', { id, email: 'OLD@example.com', username: 'changed' });
    const verified = await read(id);
    expect(verified).toMatchObject({ verified: true, verification_date: expect.stringMatching(/^\d{10}$/) });
    expect(verified.verificationDate).toBe(verified.verification_date);

    await call('Update', { id, email: 'new@example.com' });
    expect(await read(id)).toMatchObject({ email: 'new@example.com', verified: false, verification_date: '0' });
    expect((await call('Read', { email: 'old@example.com' })).status).toBe(404);
  });

  it('of a user who does not exist is refused', async () => {
    refused(await call('Update', { id: 'nobody', username: 'x' }), 404, 'not found');
  });
});

describe('Login', () => {
  it('checklist 1: answers alike to an unknown user, a wrong password and a disabled user', async () => {
    const { id, username, email } = await create();
    const disabled = await create();
    await app.database.query(`UPDATE users SET disabled_at = now() WHERE external_id = $1`, [disabled.id]);
    const replies = [
      await call('Login', { username, password: 'not the password' }),
      await call('Login', { email, password: 'not the password' }),
      await call('Login', { username: 'nobody', password: PASSWORD }),
      await call('Login', { email: 'not an address', password: PASSWORD }),
      await call('Login', { username: disabled.username, password: PASSWORD }),
      await call('Login', { username: id, password: PASSWORD }),
    ];
    for (const reply of replies) {
      refused(reply, 401, 'invalid email or password!', 'auth.invalid_login');
      expect(reply.headers.get('x-credits-cost')).toBe('0');
    }
  });

  it('takes the username where both are given', async () => {
    const one = await create();
    const two = await create();
    const both = { username: one.username, email: two.email, password: PASSWORD };
    expect((await call<{ session: Session }>('Login', both)).body.session.userId).toBe(one.id);
  });
});

describe('sessions', () => {
  it('are credentials of the user, dead after Logout, LogoutAll, UpdatePassword and Delete', async () => {
    const { id, username } = await create();
    const isAlive = async ({ id: session }: Session) => {
      const read = await call('ReadSession', { session_id: session });
      const me = await app.client({ 'x-session-token': session }).get('/api/users/me/');
      expect(read.status === 200).toBe(me.status === 200);
      return me.status === 200;
    };
    const [first, second, third] = [await login(username), await login(username), await login(username)];
    expect(await isAlive(first)).toBe(true);
    await call('Logout', { session_id: first.id });
    expect([await isAlive(first), await isAlive(second)]).toEqual([false, true]);
    refused(await call('Logout', { session_id: first.id }), 404, 'not found', 'tokens.session_not_found');

    await call('LogoutAll', { user_id: id });
    expect([await isAlive(second), await isAlive(third)]).toEqual([false, false]);

    const fourth = await login(username);
    const change = { old_password: PASSWORD, new_password: 'Password2', confirm_password: 'Password2' };
    expect((await call('UpdatePassword', { userId: id, ...change })).status).toBe(200);
    expect(await isAlive(fourth)).toBe(false);

    const fifth = await login(username, 'Password2');
    await call('Delete', { id });
    expect(await isAlive(fifth)).toBe(false);
  });

  it('are not found when they have expired, their user is disabled, or they are no sessions', async () => {
    const { id, username } = await create();
    const session = await login(username);
    await app.database.query(`UPDATE users SET disabled_at = now() WHERE external_id = $1`, [id]);
    refused(await call('ReadSession', { session_id: session.id }), 404, 'not found');
    await app.database.query(`UPDATE users SET disabled_at = NULL WHERE external_id = $1`, [id]);
    await app.database.query(`UPDATE credentials SET expires_at = now() WHERE kind = 'session' AND directory_id = $1`, [
      owner.accountId,
    ]);
    for (const text of [session.id, `${session.id.slice(0, -1)}x`, owner.apiKey, owner.session, 'none']) {
      refused(await call('ReadSession', { session_id: text }), 404, 'not found');
    }
  });
});

describe('UpdatePassword', () => {
  const change = { old_password: PASSWORD, new_password: 'Password2', confirm_password: 'Password2' };

  it.each([
    [{ old_password: 'not the password' }, 401, /^old_password/],
    [{ confirm_password: 'Password3' }, 400, /^confirm_password must be the same/],
    [{ new_password: 'short', confirm_password: 'short' }, 400, /^new_password must have 8 to 256 characters/],
    [{ new_password: PASSWORD, confirm_password: PASSWORD }, 400, /^new_password must not be the old one/],
    [{ userId: 'nobody' }, 404, 'not found'],
  ])('checklist 8: is refused with %j, and nothing changes', async (fields, status, detail) => {
    const { id, username } = await create();
    const session = await login(username);
    refused(await call('UpdatePassword', { userId: id, ...change, ...fields }), status, detail);
    expect((await call('ReadSession', { session_id: session.id })).status).toBe(200);
    await login(username);
  });

  it('takes common passwords: what is good enough is for the owner of the directory to say', async () => {
    const { id } = await create({ password: 'password' });
    const common = { old_password: 'password', new_password: '12345678', confirm_password: '12345678' };
    expect((await call('UpdatePassword', { userId: id, ...common })).status).toBe(200);
  });
});

describe('List', () => {
  it('has pages that neither repeat nor skip, oldest first', async () => {
    await app.database.query(
      `INSERT INTO users (directory_id, external_id, email, email_as_given, username)
       SELECT $1, 'u-' || i, i || '@example.com', i || '@example.com', 'u' || i FROM generate_series(1, 60) AS i`,
      [owner.accountId],
    );
    const ids = Array.from({ length: 60 }, (_, i) => `u-${i + 1}`);
    const page = async (part?: object) =>
      (await call<{ users: Account[] }>('List', part)).body.users.map(({ id }) => id);
    expect(await page()).toEqual(ids.slice(0, 25));
    expect(await page({ limit: '0', offset: '0' })).toEqual(ids.slice(0, 25));
    expect([...(await page({ limit: 40 })), ...(await page({ limit: 40, offset: 40 }))]).toEqual(ids);
    expect(await page({ limit: 1000, offset: 59 })).toEqual(ids.slice(59));
    expect(await page({ offset: 60 })).toEqual([]);
    expect(await page({ offset: Number.MAX_SAFE_INTEGER })).toEqual([]);
  });

  it.each([
    ['limit', 1001],
    ['limit', -1],
    ['limit', 1.5],
    ['limit', '1001'],
    ['limit', '-1'],
    ['limit', 'NaN'],
    ['limit', '9223372036854775808'],
    ['limit', true],
    ['limit', [5]],
    ['offset', -1],
    ['offset', '1e3'],
    ['offset', '9223372036854775807'],
    ['offset', { $gt: 0 }],
  ])('checklist 46: refuses %s %j', async (field, value) => {
    refused(await call('List', { [field]: value }), 400, new RegExp(`^${field} must`), 'request.invalid');
  });
});

describe('who may call', () => {
  it('every kind of credential of a person of the platform', async () => {
    for (const credential of [owner.apiKey, owner.accessToken, owner.session]) {
      expect((await call('List', {}, credential)).status).toBe(200);
    }
    refused(await app.client().post('/v1/user/List'), 401, 'not authenticated', 'auth.not_authenticated');
  });

  it('not managed users, who use envelope and rest for themselves', async () => {
    const { id, username, email } = await create();
    const session = await login(username);
    const client = app.client({ authorization: `Bearer ${session.id}` });

    for (const path of ['/v1/user/List', '/api/credits/charges/', '/api/v1/users/credits']) {
      expect([path, (await client.post(path, {})).status]).toEqual([path, 403]);
    }
    expect((await client.get('/api/credits/')).status).toBe(403);
    expect((await client.get('/api/mails/')).status).toBe(403);

    const me = await client.get<{ access_token: string }>('/api/users/me/');
    expect(me.body).toMatchObject({ external_id: id, email, username });
    const details = await client.post<{ data: { api_key: string; timezone: string } }>('/api/v1/users/account-details');
    expect(details.body.data).toMatchObject({ timezone: 'UTC' });
    expect((await client.post('/api/v1/users/profile/update', { name: 'Joe', timezone: 'Europe/Rome' })).status).toBe(
      200,
    );
    for (const credential of [me.body.access_token, details.body.data.api_key]) {
      const own = app.client({ 'x-api-key': credential });
      expect((await own.post('/api/v1/users/profile')).body).toMatchObject({ data: { name: 'Joe', email } });
      expect((await own.post('/v1/user/List')).status).toBe(403);
    }
    const change = { old_password: PASSWORD, new_password: 'password' };
    expect((await client.post('/api/v1/users/password/change', change)).status).toBe(200);
    expect((await client.post('/api/v1/users/api-key/update/')).status).toBe(200);
    expect((await app.client({ 'x-api-key': details.body.data.api_key }).get('/api/users/me/')).status).toBe(401);
    expect((await client.get('/api/users/me/sessions/')).status).toBe(200);
  });

  it('whose accounts have the numbers of the users, and use up none of those of the platform', async () => {
    await create(); // has none
    const before = await app.aUser();
    for (let i = 0; i < 3; i++) {
      const client = app.client({ 'x-api-key': (await login((await create()).username)).id });
      const profile = await client.post<{ data: { id: number } }>('/api/v1/users/profile');
      const details = await client.post<{ data: { id: number; user: number } }>('/api/v1/users/account-details');
      expect(details.body.data).toMatchObject({ id: profile.body.data.id, user: profile.body.data.id });
    }
    expect((await app.aUser()).accountId).toBe(before.accountId + 1);
  });

  it('whose numbers tell nobody how many users others have made', async () => {
    const rows = await app.database.query<{ key: Buffer }>('SELECT key FROM user_numbers');
    const numbers = new UserNumbers(rows[0]!.key);
    const ids: number[] = [];
    const shown: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { id, username } = await create();
      const [row] = await app.database.query<{ id: number }>('SELECT id FROM users WHERE external_id = $1', [id]);
      const session = await login(username);
      const client = app.client({ 'x-api-key': session.id });
      const { body } = await client.post<{ data: { id: number } }>('/api/v1/users/profile/update', { name: 'Joe' });
      ids.push(row!.id);
      shown.push(body.data.id);
    }
    expect(shown).toEqual(ids.map((userId) => numbers.of({ userId })));
    expect(shown.filter((number) => Math.abs(number - shown[0]!) < 1e6)).toEqual([shown[0]]);
  });

  it('fifty first questions for a key at once: one key', async () => {
    const { username } = await create();
    const session = await login(username);
    const replies = await Promise.all(
      Array.from({ length: 50 }, () =>
        app.client({ 'x-api-key': session.id }).get<{ access_token: string }>('/api/users/me/token/'),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(new Set(replies.map(({ body }) => body.access_token)).size).toBe(1);
  });
});

describe('administrators', () => {
  it('act on the platform directory and pay nothing', async () => {
    const { apiKey } = await app.anAdministrator();
    const created = await call<{ account: Account }>(
      'Create',
      { email: 'person@example.com', username: 'person', password: PASSWORD },
      apiKey,
    );
    expect(created.headers.get('x-credits-cost')).toBe('0');
    const person = await app.login('person@example.com', PASSWORD);
    expect((await app.client({ 'x-api-key': person.apiKey }).get('/api/credits/')).body).toMatchObject({
      spendable_credits: 10_000,
    });
    const { body } = await call<{ account: Account }>('Read', { email: owner.email }, apiKey);
    expect(body.account.email).toBe(owner.email);

    refused(
      await call('Create', { email: 'p2@example.com', password: 'password123' }, apiKey),
      400,
      /^password is one of the most common/,
    );
    refused(
      await call('Create', { email: 'p2@example.com', username: owner.email, password: PASSWORD }, apiKey),
      400,
      /^username may be an email address only if it is your own/,
    );
  });

  it('checklist 24: who change the email of a person tell the old address', async () => {
    const { apiKey } = await app.anAdministrator();
    const { body } = await call<{ account: Account }>('Read', { email: owner.email }, apiKey);
    await call('Update', { id: body.account.id, email: `new-${owner.email}` }, apiKey);
    const mails = await app.database.query(`SELECT subject FROM mails WHERE directory_id = 0 AND recipient = $1`, [
      owner.email,
    ]);
    expect(mails).toEqual([{ subject: 'Your email address was changed' }]);
  });

  it('who delete a person delete their directory, and the ledger stays', async () => {
    const { apiKey } = await app.anAdministrator();
    const { username } = await create();
    const session = await login(username);
    const { access_token: token } = (
      await app.client({ 'x-api-key': session.id }).get<{ access_token: string }>('/api/users/me/token/')
    ).body;
    await app.database.query(
      `INSERT INTO users (directory_id, external_id, email, email_as_given)
       SELECT $1, 'u-' || i, i || '@example.com', i || '@example.com' FROM generate_series(1, 1200) AS i`,
      [owner.accountId],
    );
    const ledger = () =>
      app.database.query(`SELECT * FROM entries WHERE account_id = $1 ORDER BY sequence`, [owner.accountId]);
    const before = await ledger();

    const { body } = await call<{ account: Account }>('Read', { email: owner.email }, apiKey);
    expect((await call('Delete', { id: body.account.id }, apiKey)).body).toEqual({});

    for (const credential of [owner.apiKey, owner.session, owner.accessToken, session.id, token]) {
      expect((await app.client({ 'x-api-key': credential }).get('/api/users/me/')).status).toBe(401);
    }
    refused(await call('Delete', { id: body.account.id }, apiKey), 404, 'not found');

    const usersLeft = async () =>
      (
        await app.database.query<{ n: number }>('SELECT count(*) AS n FROM users WHERE directory_id = $1', [
          owner.accountId,
        ])
      )[0]!.n;
    expect(await usersLeft()).toBe(1201);
    await Promise.all([app.nest.get(DirectoryPurge).purge(), app.nest.get(DirectoryPurge).purge()]);
    await app.nest.get(DirectoryPurge).purge();
    expect(await usersLeft()).toBe(0);
    for (const table of ['passwords', 'credentials', 'accounts']) {
      expect(await app.database.query(`SELECT FROM ${table} WHERE directory_id = $1`, [owner.accountId])).toEqual([]);
    }
    expect(await app.database.query('SELECT FROM directory_deletions')).toEqual([]);
    expect(await ledger()).toEqual(before);
  });

  it('who delete a person leave nobody behind of those that are being created', async () => {
    const { apiKey } = await app.anAdministrator();
    const { body } = await call<{ account: Account }>('Read', { email: owner.email }, apiKey);
    const creations = Array.from({ length: 20 }, (_, i) =>
      call('Create', { email: `${i}@example.com`, password: PASSWORD }),
    );
    const deletion = call('Delete', { id: body.account.id }, apiKey);
    const statuses = (await Promise.all(creations)).map(({ status }) => status);
    expect((await deletion).status).toBe(200);
    expect(statuses.filter((status) => ![200, 401, 503].includes(status))).toEqual([]);
    await app.nest.get(DirectoryPurge).purge();
    expect(await app.database.query('SELECT FROM users WHERE directory_id = $1', [owner.accountId])).toEqual([]);
  });

  it('of fifty deletions at once one takes place', async () => {
    const { id } = await create();
    const statuses = (await Promise.all(Array.from({ length: 50 }, () => call('Delete', { id })))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(404)]);
  });
});

describe('failed logins', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await TestApp.start({ isRateLimited: true });
  });
  afterAll(() => limited.stop());

  it('checklist 3: count for the user and the directory, not for the others of the same backend', async () => {
    const [one, two] = [await limited.aUser(), await limited.aUser()];
    const post = (user: TestUser, endpoint: string, body: object) =>
      limited.client({ 'x-api-key': user.apiKey }).post(`/v1/user/${endpoint}`, body);
    for (const user of [one, two]) {
      for (const name of ['joe', 'jane']) {
        await post(user, 'Create', { id: name, username: name, email: `${name}@example.com`, password: PASSWORD });
      }
    }
    for (let i = 0; i < 10; i++) {
      expect((await post(one, 'Login', { username: 'joe', password: 'wrong' })).status).toBe(401);
      const change = { old_password: 'wrong', new_password: 'Password2', confirm_password: 'Password2' };
      expect((await post(one, 'UpdatePassword', { userId: 'joe', ...change })).status).toBe(401);
    }
    const refusal = await post(one, 'Login', { email: 'joe@example.com', password: PASSWORD });
    refused(refusal, 429, /too many failed attempts/, 'auth.too_many_attempts');
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);

    expect((await post(one, 'Login', { username: 'jane', password: PASSWORD })).status).toBe(200);
    expect((await post(two, 'Login', { username: 'joe', password: PASSWORD })).status).toBe(200);
    for (let i = 0; i < 20; i++) {
      expect((await post(one, 'Login', { username: 'nobody', password: 'wrong' })).status).toBe(401);
    }
    expect((await post(one, 'Login', { username: 'nobody', password: 'wrong' })).status).toBe(429);
  });
});
