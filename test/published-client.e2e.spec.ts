import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { document, validate } from './support/contract.js';
import { runProgram } from './support/run-program.js';
import { TestSmtpServer, eventually } from './support/smtp-server.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/**
 * The published JavaScript client of the rpc dialect, as npm has it: `m3o/user`, all sixteen functions, unmodified.
 *
 * It is no dependency of ours, because nobody maintains it, and it brings 65 packages, among them an axios with known
 * vulnerabilities. It is fetched for these tests; where that fails, they are skipped.
 */
const PACKAGE = 'm3o@1.0.1783';

const FUNCTIONS = [
  'create',
  'delete',
  'list',
  'login',
  'logout',
  'logoutAll',
  'read',
  'readSession',
  'resetPassword',
  'sendMagicLink',
  'sendPasswordResetEmail',
  'sendVerificationEmail',
  'update',
  'updatePassword',
  'verifyEmail',
  'verifyToken',
] as const;
type Name = (typeof FUNCTIONS)[number];

/** Each function resolves to the body of a success and rejects with that of a failure. */
type PublishedClient = Record<Name, (request?: object) => Promise<unknown>>;
type UserService = new (token: string) => PublishedClient & { client: { options: { address: string } } };

interface Account {
  id: string;
  username: string;
  email: string;
  created: string;
}
interface Session {
  id: string;
  userId: string;
}

const CREDITS = 100_000_000;
const PUBLIC_URL = 'https://tollgate.example';
const NEW_PASSWORD = 'another password';
const UNIX_SECONDS = expect.stringMatching(/^[1-9]\d{9}$/) as string;
const INVALID_TOKEN = { is_valid: false, message: expect.stringMatching(/./), session: null };

const folder = await mkdtemp(join(tmpdir(), 'tollgate-client-'));
const published = await fetchClient();
const describePublished = published ? describe : describe.skip;

let smtp: TestSmtpServer;
let app: TestApp;
let owner: TestUser;
let stranger: TestUser;
let client: PublishedClient;
let foreign: PublishedClient;
let joe: Account;

describePublished('the published JavaScript client', () => {
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    app = await TestApp.start({ smtpUrl: smtp.url, publicUrl: PUBLIC_URL, creditsPerPeriod: CREDITS });
  });
  afterAll(async () => {
    await app.stop();
    await smtp.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    [owner, stranger] = [await app.aUser(), await app.aUser()];
    [client, foreign] = [clientOf(owner.apiKey), clientOf(stranger.apiKey)];
    joe = await created({ id: 'user-1', email: 'joe@example.com', username: 'joe', password: PASSWORD });
  });

  it('has the sixteen calls of the document and no others', () => {
    const functions = Object.getOwnPropertyNames(Object.getPrototypeOf(client)).filter((it) => it !== 'constructor');
    expect(functions.sort()).toEqual([...FUNCTIONS].sort());
    const documented = Object.keys(document.paths).filter((path) => path.startsWith('/v1/user/'));
    expect(FUNCTIONS.map((name) => `/v1/user/${endpointOf(name)}`).sort()).toEqual(documented.sort());
  });

  it('reaches Tollgate with its own address, through a proxy', async () => {
    const untouched = new published!(owner.apiKey);
    expect(untouched.client.options.address).toMatch(/^https:/);
    const { https_proxy, no_proxy } = process.env;
    Object.assign(process.env, { https_proxy: app.url, no_proxy: '' });
    try {
      expect(await untouched.read({ id: joe.id })).toEqual({ account: joe });
      await expect(untouched.read({ id: 'nobody' })).rejects.toMatchObject({ code: 404 });
    } finally {
      setVariable('https_proxy', https_proxy);
      setVariable('no_proxy', no_proxy);
    }
  });

  describe('succeeds with', () => {
    it('create', async () => {
      const fields = { id: 'jane.1', email: 'Jane@Example.com', username: 'Jane', profile: { color: 'red' } };
      const account = await created({ ...fields, password: PASSWORD });
      expect(account).toEqual({
        id: 'jane.1',
        username: 'jane',
        email: 'jane@example.com',
        created: UNIX_SECONDS,
        updated: UNIX_SECONDS,
        verified: false,
        verification_date: '0',
        verificationDate: '0',
        profile: { color: 'red' },
      });
    });

    it('create, of what nobody has set', async () => {
      const unset = { id: '', username: undefined, profile: {} };
      const account = await created({ ...unset, email: 'jane@example.com', password: PASSWORD });
      expect(account).toMatchObject({ id: expect.stringMatching(/^\w+$/), username: 'jane@example.com', profile: {} });
    });

    it('read, by id, username and email', async () => {
      for (const by of [{ id: joe.id }, { username: 'JOE' }, { email: joe.email }]) {
        expect(await succeeds('read', by)).toEqual({ account: joe });
      }
    });

    it('list: an empty directory, a first page of 25, and any other', async () => {
      const list = async (part?: object) => ((await succeeds('list', part)) as { users: Account[] }).users;
      expect(await foreign.list({})).toEqual({ users: [] });
      expect(await list()).toEqual([joe]);
      for (let i = 1; i < 27; i++) {
        await created({ id: `u-${i}`, email: `${i}@example.com`, password: PASSWORD });
      }
      const all = await list({ limit: 1000 });
      expect(all).toHaveLength(27);
      expect(await list({})).toEqual(all.slice(0, 25));
      expect(await list({ limit: 2, offset: 24 })).toEqual(all.slice(24, 26));
      expect(await list({ limit: 100, offset: 27 })).toEqual([]);
    });

    it.each([{ email: 'joe@example.com' }, { username: 'joe' }])('login, by %j', async (by) => {
      expect(await succeeds('login', { ...by, password: PASSWORD })).toEqual({
        session: {
          id: expect.stringMatching(/^tgs[0-9A-Za-z]+$/),
          created: UNIX_SECONDS,
          expires: UNIX_SECONDS,
          userId: joe.id,
        },
      });
    });

    it('readSession', async () => {
      const session = await loggedIn();
      expect(await succeeds('readSession', { session_id: session.id })).toEqual({ session, account: joe });
    });

    it('logout, of one session', async () => {
      const [first, second] = [await loggedIn(), await loggedIn()];
      expect(await succeeds('logout', { session_id: first.id })).toEqual({});
      expect([await isAlive(first), await isAlive(second)]).toEqual([false, true]);
    });

    it('logoutAll', async () => {
      const sessions = [await loggedIn(), await loggedIn()];
      expect(await succeeds('logoutAll', { user_id: joe.id })).toEqual({});
      expect(await Promise.all(sessions.map(isAlive))).toEqual([false, false]);
    });

    it.each([
      { username: 'joseph' },
      { email: 'joe+2@example.com' },
      { profile: { color: 'blue', size: 'XL' } },
      { username: 'joseph', email: 'joe+2@example.com', profile: { color: 'blue' } },
    ])('update, of %j', async (fields) => {
      expect(await succeeds('update', { id: joe.id, ...fields })).toEqual({});
      expect(await read()).toEqual({ ...joe, ...fields, updated: UNIX_SECONDS });
    });

    it('updatePassword', async () => {
      const session = await loggedIn();
      const change = { old_password: PASSWORD, new_password: NEW_PASSWORD, confirm_password: NEW_PASSWORD };
      expect(await succeeds('updatePassword', { userId: joe.id, ...change })).toEqual({});
      expect(await isAlive(session)).toBe(false);
      await loggedIn(NEW_PASSWORD);
    });

    it('delete', async () => {
      const session = await loggedIn();
      expect(await succeeds('delete', { id: joe.id })).toEqual({});
      expect(await isAlive(session)).toBe(false);
      expect(await succeeds('list', {})).toEqual({ users: [] });
    });

    it('sendPasswordResetEmail, and resetPassword with the code of the mail', async () => {
      const session = await loggedIn();
      const mail = await mailAfter('sendPasswordResetEmail', {
        email: joe.email,
        expiration: 60,
        from_name: 'Awesome Dot Com',
        subject: 'Password reset',
        text_content: 'Hi there,\nyour code: $code',
      });
      expect(mail).toMatchObject({ subject: 'Password reset', from: { name: 'Awesome Dot Com' } });
      const code = /^your code: (\w{8})\s*$/m.exec(mail.text!)![1]!;
      expect(await succeeds('resetPassword', reset(code))).toEqual({});
      expect(await isAlive(session)).toBe(false);
      await loggedIn(NEW_PASSWORD);
    });

    it('sendMagicLink, and verifyToken with the token of the mail', async () => {
      const mail = await mailAfter('sendMagicLink', {
        address: 'www.example.com',
        email: joe.email,
        endpoint: 'verifytoken',
        from_name: 'Awesome Dot Com',
        subject: 'MagicLink to access your account',
        text_content: 'Hi there,\n\nClick here: $micro_verification_link',
      });
      expect(mail).toMatchObject({ subject: 'MagicLink to access your account', from: { name: 'Awesome Dot Com' } });
      const token = /^Click here: https:\/\/www\.example\.com\/verifytoken\/(\w+)\s*$/m.exec(mail.text!)![1]!;
      const verdict = await succeeds('verifyToken', { token });
      expect(verdict).toEqual({
        is_valid: true,
        message: '',
        session: { id: expect.any(String), created: UNIX_SECONDS, expires: UNIX_SECONDS, userId: joe.id },
      });
      expect(await isAlive((verdict as { session: Session }).session)).toBe(true);
    });

    it('sendVerificationEmail, and verifyEmail with the token of the mail', async () => {
      const token = (await verificationLink()).searchParams.get('token')!;
      expect(await succeeds('verifyEmail', { token })).toEqual({});
      expect(await read()).toMatchObject({ verified: true, verification_date: UNIX_SECONDS });
      expect(await succeeds('verifyEmail', { token })).toEqual({});
    });

    it('sendVerificationEmail, and the link of the mail in a browser', async () => {
      const link = await verificationLink();
      expect(link.origin).toBe(PUBLIC_URL);
      const reply = await app.client().get(link.pathname + link.search);
      expect([reply.status, reply.headers.get('location')]).toEqual([302, 'https://app.example.com/welcome']);
      expect(await read()).toMatchObject({ verified: true });
    });
  });

  describe('is refused, free of charge, by', () => {
    const change = { old_password: PASSWORD, new_password: NEW_PASSWORD, confirm_password: NEW_PASSWORD };
    const jane = { email: 'jane@example.com', password: PASSWORD };
    const link = { email: 'joe@example.com', address: 'www.example.com', endpoint: 'verifytoken' };

    it.each<[Name, object, number, RegExp]>([
      ['create', {}, 400, /^email is missing; password is missing/],
      ['create', { ...jane, password: undefined }, 400, /^password is missing/],
      ['create', { ...jane, password: 'short' }, 400, /^password must have 8 to 256 characters/],
      ['create', { ...jane, email: 'jane' }, 400, /^email /],
      ['create', { ...jane, email: 'joe@example.com' }, 400, /^email is already registered/],
      ['create', { ...jane, username: 'JOE' }, 400, /^username is already taken/],
      ['create', { ...jane, id: 'user-1' }, 400, /^id is already taken/],
      ['create', { ...jane, id: 'user 1' }, 400, /^id /],
      ['create', { ...jane, profile: { age: 7 } }, 400, /^profile must have strings/],
      ['read', {}, 400, /^one of id, username and email is needed/],
      ['read', { id: 'nobody' }, 404, /^not found$/],
      ['read', { username: 'nobody' }, 404, /^not found$/],
      ['read', { email: 'nobody@example.com' }, 404, /^not found$/],
      ['list', { limit: 1001 }, 400, /^limit must not be greater than 1000/],
      ['list', { limit: -1 }, 400, /^limit must/],
      ['list', { offset: -1 }, 400, /^offset must/],
      ['list', { offset: 'first' }, 400, /^offset must be a whole number/],
      ['login', { password: PASSWORD }, 400, /^one of username and email/],
      ['login', { email: 'joe@example.com' }, 400, /^password is missing/],
      ['login', { email: 'joe@example.com', password: 'wrong' }, 401, /^invalid email or password!$/],
      ['login', { username: 'nobody', password: PASSWORD }, 401, /^invalid email or password!$/],
      ['logout', {}, 400, /^session_id is missing/],
      ['logout', { session_id: 'df91a612-5b24-4634-99ff-240220ab8f55' }, 404, /^not found$/],
      ['logoutAll', {}, 400, /^user_id is missing/],
      ['logoutAll', { user_id: 'nobody' }, 404, /^not found$/],
      ['readSession', {}, 400, /^session_id is missing/],
      ['readSession', { session_id: 'df91a612-5b24-4634-99ff-240220ab8f55' }, 404, /^not found$/],
      ['update', { username: 'joseph' }, 400, /^id is missing/],
      ['update', { id: 'nobody', username: 'joseph' }, 404, /^not found$/],
      ['update', { id: 'user-1', email: 'joe' }, 400, /^email /],
      ['update', { id: 'user-1', username: 'two words' }, 400, /^username /],
      ['updatePassword', { userId: 'user-1' }, 400, /old_password is missing/],
      ['updatePassword', { ...change, userId: 'nobody' }, 404, /^not found$/],
      ['updatePassword', { ...change, userId: 'user-1', old_password: 'wrong' }, 401, /^old_password/],
      ['updatePassword', { ...change, userId: 'user-1', confirm_password: 'x' }, 400, /^confirm_password must be the/],
      ['delete', {}, 400, /^id is missing/],
      ['delete', { id: 'nobody' }, 404, /^not found$/],
      ['sendPasswordResetEmail', {}, 400, /^email is missing/],
      ['sendPasswordResetEmail', { email: 'nobody@example.com' }, 404, /^not found$/],
      ['sendPasswordResetEmail', { email: 'joe@example.com', expiration: -1 }, 400, /^expiration/],
      ['sendPasswordResetEmail', { email: 'joe@example.com', text_content: 'Hi' }, 400, /^text_content must contain/],
      ['sendMagicLink', { ...link, email: 'nobody@example.com' }, 404, /^not found$/],
      ['sendMagicLink', { ...link, address: undefined }, 400, /^address is missing/],
      ['sendMagicLink', { ...link, address: 'joe@www.example.com' }, 400, /^address/],
      ['sendMagicLink', { ...link, endpoint: '../verify' }, 400, /^endpoint/],
      ['sendMagicLink', { ...link, subject: 'a\r\nBcc: eve@evil.example' }, 400, /^subject/],
      ['sendMagicLink', { ...link, text_content: 'Click here' }, 400, /^text_content must contain/],
      ['sendVerificationEmail', { email: 'nobody@example.com' }, 404, /^not found$/],
      [
        'sendVerificationEmail',
        { email: 'joe@example.com', redirect_url: 'javascript:alert(1)' },
        400,
        /^redirect_url/,
      ],
      ['sendVerificationEmail', { email: 'joe@example.com', from_name: 'a\nb' }, 400, /^from_name/],
      ['resetPassword', { email: 'joe@example.com' }, 400, /^code is missing/],
      ['resetPassword', { ...reset('22222222'), email: 'nobody@example.com' }, 404, /^not found$/],
      ['resetPassword', { ...reset('22222222'), confirm_password: 'x' }, 400, /^confirm_password must be the same/],
      ['resetPassword', reset('012345'), 400, /^code is not valid/],
      ['verifyEmail', {}, 400, /^token is missing/],
      ['verifyEmail', { token: '012345' }, 400, /^token is not valid/],
      ['verifyToken', {}, 400, /^token is missing/],
    ])('%s of %j: %i', async (name, request, code, detail) => {
      const before = await state();
      await refuses(client, name, request, code, detail);
      expect(await state()).toEqual(before);
    });

    it('resetPassword with a code that was used, is another’s, is not the newest, or has expired', async () => {
      await created({ ...jane, id: 'user-2' });
      const used = await resetCode();
      expect(await succeeds('resetPassword', reset(used))).toEqual({});
      await refuses(client, 'resetPassword', reset(used), 400, /^code is not valid, or not any more$/);
      const [older, newest] = [await resetCode(), await resetCode()];
      for (const code of [used, older, await resetCode(jane.email)]) {
        await refuses(client, 'resetPassword', reset(code), 400, /^code is not valid, or not any more$/);
      }
      await expire();
      await refuses(client, 'resetPassword', reset(newest), 400, /^code is not valid, or not any more$/);
    });

    it('verifyToken of a token that was used, is not the newest, is for something else, or has expired', async () => {
      const used = await magicToken();
      expect(await succeeds('verifyToken', { token: used })).toMatchObject({ is_valid: true });
      expect(await succeeds('verifyToken', { token: used })).toEqual(INVALID_TOKEN);
      const [older, newest, code] = [await magicToken(), await magicToken(), await resetCode()];
      for (const token of [used, older, code, 'EdsUiidouJJJLldjlloofUiorkojflsWWdld']) {
        expect(await succeeds('verifyToken', { token })).toEqual(INVALID_TOKEN);
      }
      await expire();
      expect(await succeeds('verifyToken', { token: newest })).toEqual(INVALID_TOKEN);
    });

    it('verifyEmail of a token that is not the newest, is for something else, or has expired', async () => {
      const token = async () => (await verificationLink()).searchParams.get('token')!;
      const [older, newest, magic] = [await token(), await token(), await magicToken()];
      for (const wrong of [older, magic]) {
        await refuses(client, 'verifyEmail', { token: wrong }, 400, /^token is not valid, or not any more$/);
      }
      await expire();
      await refuses(client, 'verifyEmail', { token: newest }, 400, /^token is not valid, or not any more$/);
      expect(await read()).toMatchObject({ verified: false, verification_date: '0' });
    });

    it('readSession of a session that ended or has expired', async () => {
      const [ended, expired] = [await loggedIn(), await loggedIn()];
      await succeeds('logout', { session_id: ended.id });
      await app.database.query(
        `UPDATE credentials SET expires_at = now() WHERE kind = 'session' AND directory_id = $1`,
        [owner.accountId],
      );
      for (const { id } of [ended, expired]) {
        await refuses(client, 'readSession', { session_id: id }, 404, /^not found$/);
      }
      await refuses(client, 'logout', { session_id: ended.id }, 404, /^not found$/);
    });
  });

  describe('in the hands of a stranger finds nothing of this directory with', () => {
    it.each<[Name, (known: { session: string; code: string; magic: string; verification: string }) => object]>([
      ['read', () => ({ id: 'user-1' })],
      ['update', () => ({ id: 'user-1', username: 'mine' })],
      ['delete', () => ({ id: 'user-1' })],
      ['logoutAll', () => ({ user_id: 'user-1' })],
      ['logout', ({ session }) => ({ session_id: session })],
      ['readSession', ({ session }) => ({ session_id: session })],
      ['sendMagicLink', () => ({ email: 'joe@example.com', address: 'www.example.com', endpoint: 'verify' })],
      ['sendPasswordResetEmail', () => ({ email: 'joe@example.com' })],
      ['sendVerificationEmail', () => ({ email: 'joe@example.com' })],
      ['resetPassword', ({ code }) => reset(code)],
      ['login', () => ({ email: 'joe@example.com', password: PASSWORD })],
      ['verifyEmail', ({ verification }) => ({ token: verification })],
      ['verifyToken', ({ magic }) => ({ token: magic })],
    ])('%s', async (name, request) => {
      const { id: session } = await loggedIn();
      const verification = (await verificationLink()).searchParams.get('token')!;
      const [code, magic] = [await resetCode(), await magicToken()];
      const before = await state();

      const answer = foreign[name](request({ session, code, magic, verification }));
      if (name === 'verifyToken') {
        expect(await answer).toEqual(INVALID_TOKEN);
      } else {
        const expected = { login: 401, verifyEmail: 400 }[name as string] ?? 404;
        await expect(answer).rejects.toMatchObject({ code: expected });
      }

      expect(await state()).toEqual(before);
      expect(await isAlive({ id: session })).toBe(true);
      await succeeds('verifyEmail', { token: verification });
      expect(await succeeds('verifyToken', { token: magic })).toMatchObject({ is_valid: true });
      await succeeds('resetPassword', reset(code));
    });
  });

  describe('without', () => {
    it.each(FUNCTIONS)('credits: %s', async (name) => {
      await app.database.query('UPDATE balances SET allowance = used + frozen WHERE account_id = $1', [
        owner.accountId,
      ]);
      await refuses(client, name, requestOf(name), 402, /credits/);
    });

    it.each(FUNCTIONS)('a credential that is good: %s', async (name) => {
      for (const token of ['', 'wrong', `${owner.apiKey.slice(0, -1)}-`]) {
        await refuses(clientOf(token), name, requestOf(name), 401, /^not authenticated$/);
      }
    });

    it('a platform account: a user of a directory manages nobody', async () => {
      await refuses(clientOf((await loggedIn()).id), 'list', {}, 403, /./);
    });

    it('a mail server: the call is answered, and the mail comes once the server is back', async () => {
      await smtp.stop();
      expect(await succeeds('sendPasswordResetEmail', { email: joe.email })).toEqual({});
      const before = mailsToJoe().length;
      await smtp.up();
      await eventually(() => mailsToJoe().length > before);
    });
  });

  it('pays for each call what the document says, the dear mails when they were sent', async () => {
    const calls: Name[] = [
      ...(['create', 'list', 'read', 'login', 'update', 'logoutAll', 'sendPasswordResetEmail'] as const),
      ...(['sendMagicLink', 'sendVerificationEmail', 'verifyToken', 'updatePassword', 'delete'] as const),
    ];
    for (const name of calls) {
      const { spendable_credits: before } = await credits();
      await succeeds(name, requestOf(name));
      expect([name, before - (await credits()).spendable_credits]).toEqual([name, priceOf(name)]);
    }
    await eventually(async () => (await credits()).frozen_credits === 0);
    const total = calls.reduce((sum, name) => sum + priceOf(name), priceOf('create'));
    expect((await credits()).used_credits).toBe(total);
  });
});

async function fetchClient(): Promise<UserService | undefined> {
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const patience = ['--fetch-retries=0', '--fetch-timeout=30000'];
  const { exitCode, stderr } = await runProgram('npm', [
    'install',
    '--prefix',
    folder,
    ...options,
    ...patience,
    PACKAGE,
  ]);
  if (exitCode !== 0) {
    const reason = stderr.split('\n', 1)[0]!;
    process.stderr.write(`SKIPPED: the published JavaScript client, because npm cannot fetch ${PACKAGE}: ${reason}\n`);
    await rm(folder, { recursive: true });
    return undefined;
  }
  const require = createRequire(join(folder, 'package.json'));
  return (require('m3o/user') as { UserService: UserService }).UserService;
}

/** Its users give it a token; where it is to go is an option of the client inside. */
function clientOf(token: string): PublishedClient {
  const service = new published!(token);
  service.client.options.address = `${app.url}/`;
  return service;
}

function endpointOf(name: Name): string {
  return name[0]!.toUpperCase() + name.slice(1);
}

function operationOf(name: Name) {
  return document.paths[`/v1/user/${endpointOf(name)}`]!.post!;
}

function priceOf(name: Name): number {
  return (operationOf(name) as unknown as { 'x-price': number })['x-price'];
}

/** The answer to a call by the owner, which must be as documented. */
async function succeeds(name: Name, request?: object): Promise<unknown> {
  const body = await client[name](request);
  validate(name, operationOf(name).responses[200]!.content!['application/json']!.schema, body);
  return body;
}

async function refuses(by: PublishedClient, name: Name, request: object, code: number, detail: RegExp): Promise<void> {
  const body: unknown = await by[name](request).then(
    (answer) => Promise.reject(new Error(`${name} was answered ${JSON.stringify(answer)}`)),
    (reason: unknown) => reason,
  );
  expect(body).toEqual({
    id: expect.stringMatching(/^[a-z]+\.[a-z_]+$/),
    code,
    detail: expect.stringMatching(detail),
    status: expect.stringMatching(/^[A-Z]/),
  });
  validate(name, operationOf(name).responses[code]!.content!['application/json']!.schema, body);
}

/** One that would succeed, where no code is needed. */
function requestOf(name: Name): object {
  const user = { id: joe.id, user_id: joe.id, userId: joe.id, session_id: 'none', token: '012345', code: '012345' };
  const passwords = { password: PASSWORD, old_password: PASSWORD, new_password: NEW_PASSWORD };
  const all = { ...user, ...passwords, confirm_password: NEW_PASSWORD, email: joe.email };
  return {
    ...all,
    ...{ address: 'www.example.com', endpoint: 'verify' },
    ...(name === 'create' ? { id: 'user-9', email: 'nine@example.com' } : {}),
  };
}

async function created(fields: object): Promise<Account> {
  return ((await succeeds('create', fields)) as { account: Account }).account;
}

async function loggedIn(password = PASSWORD): Promise<Session> {
  return ((await succeeds('login', { email: joe.email, password })) as { session: Session }).session;
}

async function read(): Promise<Account> {
  const { body } = await app
    .client({ 'x-api-key': owner.apiKey })
    .post<{ account: Account }>('/v1/user/Read', { id: joe.id });
  return body.account;
}

/** Whether a session opens a door, asked of another dialect, which costs nothing. */
async function isAlive({ id }: { id: string }): Promise<boolean> {
  return (await app.client({ 'x-session-token': id }).get('/api/users/me/')).status === 200;
}

function reset(code: string) {
  return { code, email: 'joe@example.com', new_password: NEW_PASSWORD, confirm_password: NEW_PASSWORD };
}

function mailsToJoe(email = joe.email) {
  return smtp.mails.filter(({ to }) => to?.some(({ address }) => address === email));
}

async function mailAfter(name: Name, request: { email: string; [field: string]: unknown }) {
  const before = mailsToJoe(request.email).length;
  expect(await succeeds(name, request)).toEqual({});
  await eventually(() => mailsToJoe(request.email).length > before);
  return mailsToJoe(request.email).at(-1)!;
}

async function resetCode(email = joe.email): Promise<string> {
  return /^(\w{8})\r?$/m.exec((await mailAfter('sendPasswordResetEmail', { email })).text!)![1]!;
}

async function magicToken(): Promise<string> {
  const request = { email: joe.email, address: 'www.example.com', endpoint: 'verify' };
  return /www\.example\.com\/verify\/(\w+)/.exec((await mailAfter('sendMagicLink', request)).text!)![1]!;
}

async function verificationLink(): Promise<URL> {
  const mail = await mailAfter('sendVerificationEmail', {
    email: joe.email,
    ...{ failure_redirect_url: 'https://app.example.com/no', redirect_url: 'https://app.example.com/welcome' },
    ...{ from_name: 'Awesome Dot Com', subject: 'Email verification', text_content: '$micro_verification_link' },
  });
  return new URL(mail.text!.trim());
}

async function expire(): Promise<void> {
  await app.database.query('UPDATE codes SET expires_at = now() WHERE directory_id = $1', [owner.accountId]);
}

async function credits() {
  const { body } = await app
    .client({ 'x-api-key': owner.apiKey })
    .get<{ spendable_credits: number; used_credits: number; frozen_credits: number }>('/api/credits/');
  return body;
}

/** What a refused call must leave as it was. */
async function state() {
  const { spendable_credits } = await credits();
  const users = await app.database.query('SELECT * FROM users ORDER BY id');
  const mails = await app.database.query('SELECT id FROM mails ORDER BY id');
  return { spendable_credits, users, mails };
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) {
    delete process.env[name];
  } else {
    process.env[name] = value;
  }
}
