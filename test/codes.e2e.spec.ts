import { request as httpRequest } from 'node:http';
import { jest } from '@jest/globals';
import type { Email } from 'postal-mime';
import { DirectoryPurge } from '../src/users/directory-purge.js';
import type { Reply } from './support/client.js';
import { HASHING_ROOM } from './support/hashing-room.js';
import { afterWaiting } from './support/lock.js';
import { TestSmtpServer, eventually } from './support/smtp-server.js';
import { ADMIN, PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/** The calls that send codes by mail and take them back, from the call to the mailbox and on. */

const PUBLIC_URL = 'https://tollgate.example/below';
const CREDITS = 100_000_000;

interface Account {
  id: string;
  email: string;
  verified: boolean;
  verification_date: string;
  updated: string;
}
interface Verdict {
  is_valid: boolean;
  message: string;
  session: { id: string; userId: string; created: string; expires: string } | null;
}

let smtp: TestSmtpServer;
let app: TestApp;
let owner: TestUser;
let joe: Account;
/** Every code that was in a mail, and everything that was answered. */
const codes = new Set<string>();
const answers: string[] = [];

beforeAll(async () => {
  smtp = await TestSmtpServer.start();
  app = await TestApp.start({
    smtpUrl: smtp.url,
    publicUrl: PUBLIC_URL,
    creditsPerPeriod: CREDITS,
    isRateLimited: true,
  });
  owner = await app.aUser();
});
afterAll(async () => {
  await app.stop();
  await smtp.stop();
});
beforeEach(async () => {
  joe = await create();
});
afterEach(() => jest.restoreAllMocks());

async function call<Body = unknown>(endpoint: string, body?: unknown, by = owner): Promise<Reply<Body>> {
  const client = app.client({ authorization: `Bearer ${by.apiKey}` });
  const reply = await client.post<Body>(`/v1/user/${endpoint}`, body);
  answers.push(JSON.stringify([reply.body, [...reply.headers]]));
  return reply;
}

async function create(by = owner, fields: object = {}): Promise<Account> {
  const email = `joe-${Math.random().toString(36).slice(2)}@example.com`;
  return (await call<{ account: Account }>('Create', { email, password: PASSWORD, ...fields }, by)).body.account;
}

const mailsTo = (recipient: string) => smtp.mails.filter(({ to }) => to?.some(({ address }) => address === recipient));

/** The mail that comes of it. */
async function mailOf(recipient: string, work: () => Promise<unknown>): Promise<Email> {
  const before = mailsTo(recipient).length;
  await work();
  await eventually(() => mailsTo(recipient).length > before);
  return mailsTo(recipient)[before]!;
}

const found = (mail: Email, pattern: RegExp): string => {
  const code = pattern.exec(mail.text!)![1]!;
  codes.add(code);
  return code;
};

const sent = (endpoint: string, fields: object = {}, user = joe, by = owner) =>
  mailOf(user.email, async () => {
    expect(await call(endpoint, { email: user.email, ...fields }, by)).toMatchObject({ status: 200, body: {} });
  });
const resetCode = async (fields: object = {}, user = joe, by = owner) =>
  found(await sent('SendPasswordResetEmail', fields, user, by), /^([2-9A-HJKMNP-Z]{8})\r?$/m);
const magicToken = async (user = joe, by = owner) =>
  found(
    await sent('SendMagicLink', { address: 'www.example.com', endpoint: 'verifytoken' }, user, by),
    /^https:\/\/www\.example\.com\/verifytoken\/([0-9A-Za-z]{22})\r?$/m,
  );
const verificationUrl = async (fields: object = {}, user = joe, by = owner) => {
  const mail = await sent('SendVerificationEmail', fields, user, by);
  const link = new URL(/^(https:\S+)\r?$/m.exec(mail.text!)![1]!);
  codes.add(link.searchParams.get('token')!);
  return link;
};
const verificationToken = async (user = joe, by = owner) =>
  (await verificationUrl({}, user, by)).searchParams.get('token')!;

const resetPassword = (code: string, password: string, email = joe.email, by = owner) =>
  call('ResetPassword', { code, email, new_password: password, confirm_password: password }, by);
const verifyToken = async (token: string, by = owner) => (await call<Verdict>('VerifyToken', { token }, by)).body;
const login = (password: string, email = joe.email, by = owner) => call('Login', { email, password }, by);
const read = async (id = joe.id) => (await call<{ account: Account }>('Read', { id })).body.account;

/** Follows a link as it came, on this server instead of the public one. */
const follow = (link: URL, method = 'GET', headers: Record<string, string> = {}) =>
  app.client().send<string>(method, link.pathname.replace('/below', '') + link.search, { headers });

/** What was spent, or is frozen for mails that are on their way. */
const balance = async (by = owner) => {
  const { body } = await app
    .client({ 'x-api-key': by.apiKey })
    .get<{ used_credits: number; frozen_credits: number }>('/api/credits/');
  return { spent: body.used_credits + body.frozen_credits, frozen: body.frozen_credits };
};
const spent = async (by = owner) => (await balance(by)).spent;
const untilSettled = () => eventually(async () => (await balance()).frozen === 0);
/** How many were ever written: mails of closed directories are deleted meanwhile. */
const mailCount = async () => Number((await app.database.query('SELECT last_value FROM mails_id_seq'))[0]!.last_value);

const refusedCode = (field: string) => ({
  status: 400,
  body: { id: 'auth.code_refused', code: 400, detail: `${field} is not valid, or not any more`, status: 'Bad Request' },
});
const NOT_FOUND = { status: 404, body: { id: 'users.not_found', code: 404, detail: 'not found', status: 'Not Found' } };
const INVALID = { is_valid: false, message: 'the token is not valid, or not any more', session: null };

describe('a magic link', () => {
  it('logs in, once', async () => {
    const mail = await sent('SendMagicLink', {
      address: 'www.example.com:8443',
      endpoint: '/auth/verify/',
      fromName: 'Awesome Dot Com',
      subject: 'MagicLink to access your account',
      textContent: 'Hi there,\n\nClick here:\n$micro_verification_link\nYours, $code $& $1',
    });
    expect(mail).toMatchObject({
      subject: 'MagicLink to access your account',
      from: { name: 'Awesome Dot Com', address: app.configuration.mailFrom.address },
      to: [{ address: joe.email }],
    });
    const token = found(mail, /^https:\/\/www\.example\.com:8443\/auth\/verify\/([0-9A-Za-z]{22})\r?$/m);
    expect(mail.text!.replaceAll('\r\n', '\n').trimEnd()).toBe(
      `Hi there,\n\nClick here:\nhttps://www.example.com:8443/auth/verify/${token}\nYours, $code $& $1`,
    );

    const verdict = await verifyToken(token);
    expect(verdict).toEqual({
      is_valid: true,
      message: '',
      session: {
        id: expect.stringMatching(/^tgs/),
        created: expect.stringMatching(/^\d{10}$/),
        expires: expect.stringMatching(/^\d{10}$/),
        userId: joe.id,
      },
    });
    const { created, expires, id } = verdict.session!;
    expect(Number(expires) - Number(created)).toBe(604_800);
    expect((await call('ReadSession', { session_id: id })).body).toMatchObject({ account: { id: joe.id } });

    expect(await verifyToken(token)).toEqual(INVALID);
    expect(await verifyToken('3nTqcVWpKbX8fGh2sLr7Ya')).toEqual(INVALID);
    expect(await read()).toMatchObject({ verified: false });
  });

  it('checklist 12: of 50 who show its token at once one gets a session', async () => {
    const token = await magicToken();
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => verifyToken(token)));
    expect(verdicts.filter(({ is_valid }) => is_valid)).toHaveLength(1);
    expect(verdicts.filter(({ session }) => session !== null)).toHaveLength(1);
    expect(await verifyToken(token)).toEqual(INVALID);
  });

  it('does not let a disabled user in', async () => {
    const token = await magicToken();
    await app.database.query('UPDATE users SET disabled_at = now() WHERE external_id = $1', [joe.id]);
    expect(await verifyToken(token)).toEqual(INVALID);
  });
});

describe('a reset code', () => {
  it('sets a password, once, and ends the sessions of its user', async () => {
    const session = ((await login(PASSWORD)).body as { session: { id: string } }).session.id;
    const mail = await sent('SendPasswordResetEmail', {
      from_name: 'Awesome Dot Com',
      subject: 'Password reset',
      text_content: 'Hi there,\n click here to reset your password: myapp.com/reset/code?=$code',
    });
    const code = found(mail, /code\?=([2-9A-HJKMNP-Z]{8})\s*$/);

    expect(await resetPassword(code, 'a new password')).toMatchObject({ status: 200, body: {} });
    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login('a new password')).status).toBe(200);
    expect((await call('ReadSession', { session_id: session })).status).toBe(404);
    expect(await resetPassword(code, 'another password')).toMatchObject(refusedCode('code'));
    expect((await login('a new password')).status).toBe(200);
    // Managed users are told by those who manage them.
    expect(mailsTo(joe.email)).toHaveLength(1);
  });

  it('checklist 12: of many resets with it at once one sets its password', async () => {
    const code = await resetCode();
    const replies = await Promise.all(
      Array.from({ length: Math.min(50, HASHING_ROOM) }, (_, i) => resetPassword(code, `password ${i} of many`)),
    );
    const winners = replies.flatMap(({ status }, i) => (status === 200 ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 400]));
    expect((await login(`password ${winners[0]} of many`)).status).toBe(200);
  });

  it('checklist 10: 1,000 guesses in parallel kill the code and not the account', async () => {
    const code = await resetCode();
    const guess = (i: number) => `${'23456789'[i % 8]}${String(i).padStart(3, '2').replace(/[01]/g, 'X')}QQQQ`;
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => resetPassword(guess(i), 'the password of a thief')),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([400]));
    const rows = await app.database.query('SELECT wrong_tries FROM codes WHERE email = $1', [joe.email]);
    expect(rows).toEqual([{ wrong_tries: 5 }]);
    expect(await resetPassword(code, 'a new password')).toMatchObject(refusedCode('code'));
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('checklist 11: asking for new codes refills no tries, and says when it makes sense again', async () => {
    const first = await resetCode();
    for (let i = 0; i < 4; i++) {
      expect(await resetPassword('22222222', 'the password of a thief')).toMatchObject(refusedCode('code'));
    }
    const second = await resetCode();
    expect(await resetPassword(first, 'a new password')).toMatchObject(refusedCode('code'));
    expect(await resetPassword(second, 'a new password')).toMatchObject(refusedCode('code'));

    const before = [await spent(), await mailCount()];
    const refusal = await call('SendPasswordResetEmail', { email: joe.email });
    expect(refusal).toMatchObject({ status: 429, body: { id: 'tokens.too_many_wrong_codes' } });
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(800);
    expect([await spent(), await mailCount()]).toEqual(before);
  });

  it('lasts as long as it is told to, by the clock of the database', async () => {
    const seconds = async () =>
      Number(
        (
          await app.database.query(
            'SELECT extract(epoch FROM expires_at - now()) AS left FROM codes WHERE email = $1',
            [joe.email],
          )
        )[0]!.left,
      );
    for (const [given, expected] of [
      [undefined, 1800],
      [0, 1800],
      ['0', 1800],
      [60, 60],
      ['86400', 86_400],
    ] as const) {
      await resetCode({ expiration: given });
      expect(await seconds()).toBeGreaterThan(expected - 30);
      expect(await seconds()).toBeLessThanOrEqual(expected);
    }
    const code = await resetCode({ expiration: 1 });
    await eventually(async () => (await seconds()) < 0);
    expect(await resetPassword(code, 'a new password')).toMatchObject(refusedCode('code'));
  });

  it('survives a password that is refused', async () => {
    const code = await resetCode();
    const fields = { code, email: joe.email, new_password: 'a new password', confirm_password: 'another password' };
    expect(await call('ResetPassword', fields)).toMatchObject({
      status: 400,
      body: { detail: 'confirm_password must be the same as new_password' },
    });
    expect(await resetPassword(code, 'short')).toMatchObject({
      status: 400,
      body: { detail: 'new_password must have 8 to 256 characters' },
    });
    expect((await resetPassword(code.toLowerCase(), 'a new password')).status).toBe(200);
  });

  it('of a person of the platform: the rule of the platform, and a mail to them', async () => {
    const admin = await app.login(ADMIN.email, ADMIN.password);
    const person = await app.aUser();
    const account = { email: person.email } as Account;
    const code = await resetCode({}, account, admin);
    expect(await resetPassword(code, 'password123', person.email, admin)).toMatchObject({
      status: 400,
      body: { detail: 'new_password is one of the most common passwords; choose another' },
    });
    const mail = await mailOf(person.email, () => resetPassword(code, 'a better password', person.email, admin));
    expect(mail.subject).toBe('Your password was changed');
    expect((await login('a better password', person.email, admin)).status).toBe(200);
  });

  it('gives a password to a user who had none', async () => {
    await app.database.query('DELETE FROM passwords USING users WHERE user_id = users.id AND external_id = $1', [
      joe.id,
    ]);
    expect((await resetPassword(await resetCode(), 'a first password')).status).toBe(200);
    expect((await login('a first password')).status).toBe(200);
  });
});

describe('checklist 14: no password without proof of the mailbox:', () => {
  it('no code was ever asked for', async () => {
    for (const code of ['', ' ', '00000000', '22222222']) {
      expect((await resetPassword(code, 'a new password')).status).toBe(400);
    }
    expect((await call('ResetPassword', { email: joe.email, new_password: 'x', confirm_password: 'x' })).status).toBe(
      400,
    );
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('the address was changed meanwhile', async () => {
    const [code, token, link] = [await resetCode(), await magicToken(), await verificationUrl()];
    const email = `new-${joe.email}`;
    expect((await call('Update', { id: joe.id, email })).status).toBe(200);

    expect(await resetPassword(code, 'a new password', email)).toMatchObject(refusedCode('code'));
    expect(await resetPassword(code, 'a new password')).toMatchObject(NOT_FOUND);
    expect(await verifyToken(token)).toEqual(INVALID);
    expect((await follow(link)).status).toBe(400);
    expect(await read()).toMatchObject({ email, verified: false, verification_date: '0' });
  });

  it('the address was changed when a reset had already begun', async () => {
    const code = await resetCode();
    const email = `new-${joe.email}`;
    // The reset has found its user by the old address, and waits to see whether the code is right.
    const reset = await afterWaiting(
      app.database,
      (other) => other.query('SELECT FROM codes WHERE email = $1 FOR UPDATE', [joe.email]),
      () => resetPassword(code, 'the password of a thief'),
      async () => expect((await call('Update', { id: joe.id, email })).status).toBe(200),
    );
    expect(reset).toMatchObject(refusedCode('code'));
    expect((await login(PASSWORD, email)).status).toBe(200);
  });

  it('the address is being changed when the code is about to be used up', async () => {
    const code = await resetCode();
    const email = `new-${joe.email}`;
    const reset = await afterWaiting(
      app.database,
      (other) => other.query('UPDATE users SET email = $1 WHERE external_id = $2', [email, joe.id]),
      () => resetPassword(code, 'the password of a thief'),
    );
    expect(reset).toMatchObject(refusedCode('code'));
    expect((await login(PASSWORD, email)).status).toBe(200);
  });
});

describe('checklist 13: a code is good for nothing else:', () => {
  it('another purpose', async () => {
    const [code, magic, verification] = [await resetCode(), await magicToken(), await verificationToken()];
    for (const wrong of [code, verification]) {
      expect(await verifyToken(wrong)).toEqual(INVALID);
    }
    for (const wrong of [code, magic]) {
      expect(await call('VerifyEmail', { token: wrong })).toMatchObject(refusedCode('token'));
    }
    for (const wrong of [magic, verification]) {
      expect(await resetPassword(wrong, 'a new password')).toMatchObject(refusedCode('code'));
    }
    expect(await read()).toMatchObject({ verified: false });
    expect((await verifyToken(magic)).is_valid).toBe(true);
    expect((await call('VerifyEmail', { token: verification })).status).toBe(200);
    expect((await resetPassword(code, 'a new password')).status).toBe(200);
  });

  it('another user', async () => {
    const jane = await create();
    const code = await resetCode({}, jane);
    await resetCode();
    expect(await resetPassword(code, 'a new password')).toMatchObject(refusedCode('code'));
    expect((await resetPassword(code, 'a new password', jane.email)).status).toBe(200);
  });

  it('another directory, even with the same people in it: the answers are those for what does not exist', async () => {
    const stranger = await app.aUser();
    await create(stranger, { email: joe.email, id: joe.id });
    const [code, magic, verification] = [await resetCode(), await magicToken(), await verificationToken()];

    expect(await resetPassword(code, 'a new password', joe.email, stranger)).toMatchObject(refusedCode('code'));
    expect(await verifyToken(magic, stranger)).toEqual(INVALID);
    expect(await call('VerifyEmail', { token: verification }, stranger)).toMatchObject(refusedCode('token'));
    expect([
      (await resetPassword(code, 'a new password')).status,
      (await verifyToken(magic)).is_valid,
      (await call('VerifyEmail', { token: verification })).status,
    ]).toEqual([200, true, 200]);
  });

  it.each([
    ['SendMagicLink', { address: 'www.example.com', endpoint: 'verify' }],
    ['SendPasswordResetEmail', {}],
    ['SendVerificationEmail', {}],
    ['ResetPassword', { code: '22222222', new_password: 'a new password', confirm_password: 'a new password' }],
  ])('%s: whoever is in another directory is nobody, and nobody gets a mail', async (endpoint, fields) => {
    const stranger = await app.aUser();
    const before = [await spent(stranger), await mailCount()];
    for (const email of [joe.email, owner.email, 'nobody@example.com']) {
      expect(await call(endpoint, { email, ...fields }, stranger)).toMatchObject(NOT_FOUND);
    }
    expect([await spent(stranger), await mailCount()]).toEqual(before);
  });
});

describe('a verification link', () => {
  const urls = {
    redirect_url: 'https://app.example.com/welcome?a=b&c=d',
    failure_redirect_url: 'https://app.example.com/no',
  };

  it('is ours, verifies and sends on', async () => {
    const link = await verificationUrl(urls);
    expect(`${link.origin}${link.pathname}`).toBe(`${PUBLIC_URL}/v1/user/VerifyEmail`);
    expect([...link.searchParams.keys()]).toEqual(['token', 'redirectUrl', 'failureRedirectUrl', 'sig']);

    const reply = await follow(link);
    expect(reply.status).toBe(302);
    expect(reply.headers.get('location')).toBe(urls.redirect_url);
    expect(reply.body).toBeUndefined();
    expect(await read()).toMatchObject({ verified: true, verification_date: expect.stringMatching(/^\d{10}$/) });
  });

  it.each(['https://example.com', 'HTTPS://Example.com:443/a/../b?next=%2f&x=[y]#z'])(
    'sends to %s as it was given',
    async (url) => {
      const link = await verificationUrl({ redirect_url: url, failure_redirect_url: url });
      expect([link.searchParams.get('redirectUrl'), link.searchParams.get('failureRedirectUrl')]).toEqual([url, url]);
      const wrong = new URL(link);
      wrong.searchParams.set('token', 'wrong');
      for (const followed of [link, wrong]) {
        expect((await follow(followed)).headers.get('location')).toBe(url);
      }
    },
  );

  it('checklist 15: a scanner’s HEAD and GET leave it good for the person, and the date as it was', async () => {
    const link = await verificationUrl(urls);
    expect((await follow(link, 'HEAD')).status).toBe(302);
    const verified = await read();
    await app.database.query(
      `UPDATE users SET email_verified_at = email_verified_at - interval '1 hour', updated_at = updated_at - interval '1 hour'
       WHERE external_id = $1`,
      [joe.id],
    );
    const clicks = await Promise.all(Array.from({ length: 20 }, () => follow(link)));
    expect(new Set(clicks.map(({ headers }) => headers.get('location')))).toEqual(new Set([urls.redirect_url]));
    expect((await call('VerifyEmail', { token: link.searchParams.get('token') })).status).toBe(200);
    expect(await read()).toMatchObject({
      verification_date: String(Number(verified.verification_date) - 3600),
      updated: String(Number(verified.updated) - 3600),
    });
  });

  it('sends elsewhere when it is not good', async () => {
    const link = await verificationUrl(urls);
    await verificationUrl(urls);
    const reply = await follow(link);
    expect(reply.status).toBe(302);
    expect(reply.headers.get('location')).toBe(urls.failure_redirect_url);
    expect(await read()).toMatchObject({ verified: false });
  });

  it('is a plain page where there is no URL to go to', async () => {
    const link = await verificationUrl();
    expect([...link.searchParams.keys()]).toEqual(['token', 'sig']);
    const good = await follow(link);
    expect([good.status, good.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(good.body).toContain('Your email address is verified');
    expect(good.headers.get('cache-control')).toBe('no-store');

    link.searchParams.set('token', '3nTqcVWpKbX8fGh2sLr7Ya');
    const bad = await follow(link);
    expect([bad.status, bad.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(bad.body).toContain('not valid any more');
  });

  it('is worth nothing once the directory is closed, as if its user were gone', async () => {
    const other = await app.aUser();
    const someone = await create(other);
    const link = await verificationUrl({}, someone, other);
    const elsewhere = await verificationUrl(urls, await create(other), other);
    // As long as the purge has not come by.
    jest.spyOn(DirectoryPurge.prototype, 'purge').mockResolvedValue();
    const admin = await app.anAdministrator();
    const { body } = await call<{ account: Account }>('Read', { email: other.email }, admin);
    expect((await call('Delete', { id: body.account.id }, admin)).status).toBe(200);

    const reply = await follow(link);
    expect([reply.status, reply.body]).toEqual([400, expect.stringContaining('<h1>Not verified</h1>')]);
    expect((await follow(elsewhere)).headers.get('location')).toBe(urls.failure_redirect_url);
    const verified = await app.database.query('SELECT email_verified_at FROM users WHERE email = $1', [someone.email]);
    expect(verified).toEqual([{ email_verified_at: null }]);
  });

  it.each<[string, (link: URL) => void]>([
    ['another target', (link) => link.searchParams.set('redirectUrl', 'https://evil.example/')],
    ['another target of failure', (link) => link.searchParams.set('failureRedirectUrl', 'https://evil.example/')],
    ['a second target', (link) => link.searchParams.append('redirectUrl', 'https://evil.example/')],
    ['no target', (link) => link.searchParams.delete('redirectUrl')],
    ['no signature', (link) => link.searchParams.delete('sig')],
    ['two signatures', (link) => link.searchParams.append('sig', 'x')],
    ['another signature', (link) => link.searchParams.set('sig', 'A'.repeat(43))],
    ['javascript', (link) => link.searchParams.set('redirectUrl', 'javascript:alert(1)')],
  ])('checklist 17: %s: a plain page, no redirect, nothing verified', async (_, touch) => {
    const link = await verificationUrl(urls);
    touch(link);
    const reply = await follow(link);
    expect([reply.status, reply.headers.get('location')]).toEqual([400, null]);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.body).not.toContain('evil');
    expect(await read()).toMatchObject({ verified: false });
  });

  it('checklist 16: owes nothing to the headers of the request', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example;proto=http',
      'x-original-host': 'evil.example',
      authorization: `Bearer ${owner.apiKey}`,
      'content-type': 'application/json',
    };
    for (const [endpoint, fields] of [
      ['SendVerificationEmail', urls],
      ['SendMagicLink', { address: 'www.example.com', endpoint: 'verify' }],
    ] as const) {
      const mail = await mailOf(joe.email, () => poisoned(endpoint, { email: joe.email, ...fields }, headers));
      expect(mail.text).not.toContain('evil');
      expect(mail.text).toMatch(
        /^https:\/\/(tollgate\.example\/below\/v1\/user\/VerifyEmail\?|www\.example\.com\/verify\/)/m,
      );
    }
    const reply = await follow(await verificationUrl(), 'GET', { 'x-forwarded-host': 'evil.example' });
    expect(reply.body).not.toContain('evil');
  });
});

describe('refused, with the field named, free of charge and without a mail:', () => {
  const link = { address: 'www.example.com', endpoint: 'verify' };
  const long = 'x'.repeat(60_000);
  it.each<[string, string, Record<string, unknown>]>([
    ['SendMagicLink', 'email', { ...link, email: undefined }],
    ['SendMagicLink', 'email', { ...link, email: 'nobody' }],
    ['SendMagicLink', 'email', { ...link, email: 'joe@example.com,eve@evil.example' }],
    ...['SendMagicLink', 'SendPasswordResetEmail', 'SendVerificationEmail'].flatMap((endpoint) =>
      ['\r\n', '\n', '\r', '\u0085', '\u2028', '\u2029'].flatMap((lineBreak) => {
        const broken = `joe@example.com${lineBreak}Bcc: eve@evil.example`;
        return ['email', 'from_name', 'subject'].map((field): [string, string, Record<string, unknown>] => [
          endpoint,
          field,
          { ...link, [field]: broken },
        ]);
      }),
    ),
    ['SendMagicLink', 'address', { ...link, address: 'www.example.com\r\nBcc: eve@evil.example' }],
    ['SendMagicLink', 'endpoint', { ...link, endpoint: 'verify\r\nBcc: eve@evil.example' }],
    ['SendMagicLink', 'email', { ...link, email: { $ne: null } }],
    ['SendMagicLink', 'email', { ...link, email: ['joe@example.com'] }],
    ['SendMagicLink', 'address', { endpoint: 'verify' }],
    ['SendMagicLink', 'address', { ...link, address: 'https://www.example.com' }],
    ['SendMagicLink', 'address', { ...link, address: 'www.example.com/evil' }],
    ['SendMagicLink', 'address', { ...link, address: 'joe@www.example.com' }],
    ['SendMagicLink', 'endpoint', { address: 'www.example.com' }],
    ['SendMagicLink', 'endpoint', { ...link, endpoint: '../evil' }],
    ['SendMagicLink', 'endpoint', { ...link, endpoint: 'a?b' }],
    ['SendMagicLink', 'text_content', { ...link, text_content: 'Click here' }],
    ['SendMagicLink', 'text_content', { ...link, text_content: '$code' }],
    ['SendMagicLink', 'text_content', { ...link, text_content: `$micro_verification_link ${long}` }],
    ['SendMagicLink', 'text_content', { ...link, text_content: '$micro_verification_link \0' }],
    ['SendMagicLink', 'from_name', { ...link, from_name: 'Joe\nBcc: eve@evil.example' }],
    ['SendMagicLink', 'from_name', { ...link, fromName: 'a, b' }],
    ['SendMagicLink', 'from_name', { ...link, fromName: 'support@bank.example' }],
    ['SendMagicLink', 'from_name', { ...link, from_name: 'x'.repeat(101) }],
    ['SendMagicLink', 'subject', { ...link, subject: 'a\r\nBcc: eve@evil.example' }],
    ['SendMagicLink', 'subject', { ...link, subject: 'a\u2028b' }],
    ['SendMagicLink', 'subject', { ...link, subject: '=?utf-8?b?QQ==?=' }],
    ['SendVerificationEmail', 'from_name', { from_name: '=?utf-8?q?support=40bank=2Eexample?=' }],
    ['SendPasswordResetEmail', 'expiration', { expiration: -1 }],
    ['SendPasswordResetEmail', 'expiration', { expiration: 86_401 }],
    ['SendPasswordResetEmail', 'expiration', { expiration: '9223372036854775807' }],
    ['SendPasswordResetEmail', 'expiration', { expiration: 1.5 }],
    ['SendPasswordResetEmail', 'expiration', { expiration: 'NaN' }],
    ['SendPasswordResetEmail', 'text_content', { text_content: '$micro_verification_link' }],
    ['SendVerificationEmail', 'text_content', { text_content: '$code' }],
    ['SendVerificationEmail', 'redirect_url', { redirect_url: 'javascript:alert(1)' }],
    ['SendVerificationEmail', 'redirect_url', { redirectUrl: '//evil.example' }],
    ['SendVerificationEmail', 'redirect_url', { redirect_url: 'https://joe@evil.example' }],
    ['SendVerificationEmail', 'redirect_url', { redirect_url: `https://example.com/${'x'.repeat(2048)}` }],
    ['SendVerificationEmail', 'failure_redirect_url', { failure_redirect_url: 'https:\\\\evil.example' }],
    ['SendVerificationEmail', 'failure_redirect_url', { failureRedirectUrl: 'example.com' }],
    ['VerifyToken', 'token', {}],
    ['VerifyToken', 'token', { token: 7 }],
    ['VerifyEmail', 'token', { token: '' }],
    ['VerifyEmail', 'token', { token: 'x'.repeat(300) }],
    ['ResetPassword', 'email', { email: 'joe', code: '22222222', new_password: PASSWORD, confirm_password: PASSWORD }],
    ['ResetPassword', 'code', { new_password: 'a new password', confirm_password: 'a new password' }],
    ['ResetPassword', 'new_password', { code: '22222222', confirm_password: 'a new password' }],
    ['ResetPassword', 'confirm_password', { code: '22222222', new_password: 'a new password' }],
  ])('%s: %s of %j', async (endpoint, field, fields) => {
    const before = [await spent(), await mailCount()];
    const reply = await call<{ id: string; detail: string }>(endpoint, { email: joe.email, ...fields });
    expect(reply.status).toBe(400);
    expect(reply.body.detail).toContain(field);
    expect([await spent(), await mailCount()]).toEqual(before);
  });

  it('checklist 19: a text of 1 MB', async () => {
    const text_content = `$micro_verification_link${'$code $&'.repeat(131_072)}`;
    const reply = await call('SendVerificationEmail', { email: joe.email, text_content });
    expect(reply.status).toBe(400);
  });

  it('a call without credits', async () => {
    const poor = await app.aUser();
    const jane = await create(poor);
    await app.database.query('UPDATE balances SET allowance = used WHERE account_id = $1', [poor.accountId]);
    for (const endpoint of ['SendVerificationEmail', 'SendPasswordResetEmail', 'VerifyToken']) {
      expect((await call(endpoint, { email: jane.email, token: 'x' }, poor)).status).toBe(402);
    }
  });
});

describe('checklist 20: mails to one address', () => {
  it('are limited, also when they are asked for at once; a refused one costs nothing', async () => {
    const before = await spent();
    const replies = await Promise.all(
      Array.from({ length: 30 }, () => call('SendVerificationEmail', { email: joe.email })),
    );
    const statuses = replies.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const refusal = replies.find(({ status }) => status === 429)!;
    expect(refusal.body).toMatchObject({ id: 'auth.too_many_mails' });
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(Number(refusal.headers.get('retry-after'))).toBeLessThanOrEqual(3_600);

    await untilSettled();
    expect((await spent()) - before).toBe(20 * 10_000);
    expect(mailsTo(joe.email)).toHaveLength(20);
    // Only the newest of them is good.
    const tokens = mailsTo(joe.email).map(({ text }) => /token=(\w+)/.exec(text!)![1]!);
    const verdicts = await Promise.all(tokens.map((token) => call('VerifyEmail', { token })));
    expect(verdicts.filter(({ status }) => status === 200)).toHaveLength(1);
    tokens.forEach((token) => codes.add(token));
  });

  it('count by the address, in one directory, for one purpose, for an hour', async () => {
    const key = `UPDATE mail_quotas SET count = 20 WHERE directory_id = $1`;
    await sent('SendVerificationEmail');
    await app.database.query(key, [owner.accountId]);
    const again = () => call('SendVerificationEmail', { email: joe.email });
    expect((await again()).status).toBe(429);

    expect((await call('Delete', { id: joe.id })).status).toBe(200);
    await create(owner, { email: joe.email, id: joe.id });
    expect((await again()).status).toBe(429);
    expect((await call('SendPasswordResetEmail', { email: joe.email })).status).toBe(200);
    const stranger = await app.aUser();
    await create(stranger, { email: joe.email });
    expect((await call('SendVerificationEmail', { email: joe.email }, stranger)).status).toBe(200);

    await app.database.query(`UPDATE mail_quotas SET expires_at = now() WHERE directory_id = $1`, [owner.accountId]);
    expect((await again()).status).toBe(200);
  });
});

describe('a user of a directory', () => {
  const own = async (path: string, body: object, email = joe.email) => {
    const { session } = (await login(PASSWORD, email)).body as { session: { id: string } };
    const client = app.client({ authorization: `Bearer ${session.id}` });
    expect((await client.post(`/api/v1/users/${path}`, body)).status).toBe(200);
  };
  const newPassword = { old_password: PASSWORD, new_password: 'another password' };

  it('is told of a password that was changed with a session of their own', async () => {
    const mail = await mailOf(joe.email, () => own('password/change', newPassword));
    expect(mail.subject).toBe('Your password was changed');
  });

  it('checklist 24: is told of an address that was so changed, at the old one', async () => {
    const email = `new-${joe.email}`;
    const mail = await mailOf(joe.email, () => own('profile/update', { email }));
    expect([mail.subject, mailsTo(email)]).toEqual(['Your email address was changed', []]);
    expect(await read()).toMatchObject({ email, verified: false });
  });

  it('checklist 20: is told so often per hour and address, whoever they are meanwhile; the change is made all the same', async () => {
    await mailOf(joe.email, () => own('password/change', newPassword));
    // Else it is still on its way when joe is deleted, and goes when it has been noted as sent.
    await eventually(async () => (await app.database.query(`SELECT FROM mails WHERE status = 'sending'`)).length === 0);
    await app.database.query('UPDATE mail_quotas SET count = 20 WHERE directory_id = $1', [owner.accountId]);
    await call('Delete', { id: joe.id });
    await call('Create', { id: joe.id, email: joe.email, password: PASSWORD });
    const before = await mailCount();
    await own('profile/update', { email: `new-${joe.email}` });
    await own('profile/update', { email: joe.email }, `new-${joe.email}`);
    expect(await mailCount()).toBe(before + 1);
    expect(mailsTo(joe.email)).toHaveLength(1);
  });

  it('is not told by us of what the owner of the directory does', async () => {
    const before = await mailCount();
    await call('UpdatePassword', { userId: joe.id, ...newPassword, confirm_password: newPassword.new_password });
    expect((await call('Update', { id: joe.id, email: `new-${joe.email}` })).status).toBe(200);
    expect(await mailCount()).toBe(before);
    expect((await login(newPassword.new_password, `new-${joe.email}`)).status).toBe(200);
  });
});

it('takes the price of each call: the dear mails when they are sent, the others at once', async () => {
  await untilSettled();
  const before = await spent();
  const magic = await call('SendMagicLink', { email: joe.email, address: 'www.example.com', endpoint: 'verify' });
  const verification = await call('SendVerificationEmail', { email: joe.email });
  const reset = await call('SendPasswordResetEmail', { email: joe.email });
  const verdict = await call('VerifyToken', { token: 'x' });
  const costs = [magic, verification, reset, verdict].map(({ headers }) => headers.get('x-credits-cost'));
  expect(costs).toEqual(['10000', '10000', '1', '1']);
  await untilSettled();
  expect((await spent()) - before).toBe(20_002);
  const captured = await app.database.query<{ operation: string }>(
    `SELECT DISTINCT operation FROM entries WHERE account_id = $1 AND kind = 'capture' ORDER BY 1`,
    [owner.accountId],
  );
  expect(captured.map(({ operation }) => operation)).toEqual(['user.send_magic_link', 'user.send_verification_email']);
});

it('checklist 23: no code is in an answer, in the log, or in a mail that was sent', async () => {
  await eventually(async () => {
    const [{ count }] = (await app.database.query(
      `SELECT count(*) FROM mails WHERE status IN ('queued', 'sending')`,
    )) as [{ count: number }];
    return count === 0;
  });
  const dump = [
    ...(await app.database.query('SELECT * FROM mails')),
    ...(await app.database.query('SELECT * FROM codes')),
    ...(await app.database.query('SELECT * FROM mail_quotas')),
    ...(await app.database.query('SELECT * FROM graphile_worker._private_jobs')),
  ];
  expect(codes.size).toBeGreaterThan(20);
  expect(answers.length).toBeGreaterThan(1000);
  const places = { answers: answers.join('\n'), log: app.logLines.join('\n'), database: JSON.stringify(dump) };
  for (const [place, text] of Object.entries(places)) {
    expect([place, [...codes].filter((code) => text.includes(code))]).toEqual([place, []]);
  }
});

/** A call with headers that `fetch` does not let anybody choose. */
function poisoned(endpoint: string, body: object, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = httpRequest(`${app.url}/v1/user/${endpoint}`, { method: 'POST', headers }, (reply) => {
      reply
        .resume()
        .on('end', () => (reply.statusCode === 200 ? resolve() : reject(new Error(String(reply.statusCode)))));
    });
    sending.on('error', reject).end(JSON.stringify(body));
  });
}
