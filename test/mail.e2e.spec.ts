import { AccountsService } from '../src/accounts/accounts.service.js';
import { CallHoldsService } from '../src/credits/call-holds.service.js';
import { Transactions } from '../src/database/transactions.js';
import { DeliveryService } from '../src/mailer/delivery/delivery.service.js';
import { ATTEMPTS_MAX } from '../src/mailer/delivery/delivery-schedule.js';
import { MailerService, type MailMessage } from '../src/mailer/mailer.service.js';
import type { MailRestResponse } from '../src/mailer/http/dto/mail.rest.response.js';
import type { Principal } from '../src/route-policy/principal.js';
import { DirectoryPurge } from '../src/users/directory-purge.js';
import type { Client, Reply } from './support/client.js';
import { lockedOut } from './support/lock.js';
import { TestSmtpServer, eventually, silentServer } from './support/smtp-server.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';
import { onServer } from './support/test-database.js';

/** The way of a mail from the change that it announces to a mail server that has its moods. */

let smtp: TestSmtpServer;
let app: TestApp;
let user: TestUser;
let admin: Client;

beforeAll(async () => {
  smtp = await TestSmtpServer.start();
  app = await TestApp.start({
    smtpUrl: smtp.url,
    mailFrom: { name: 'Tollgate', address: 'no-reply@tollgate.example' },
  });
  admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
});
afterAll(async () => {
  await app.stop();
  await smtp.stop();
});
beforeEach(async () => {
  user = await app.aUser();
});
afterEach(() => {
  smtp.mood = 'accepts';
});

const key = () => ({ directoryId: 0, userId: user.id });
const aMessage = (message: Partial<MailMessage> = {}): MailMessage => ({
  user: key(),
  category: 'security',
  recipient: user.email,
  subject: 'A subject',
  text: 'A text.\n',
  ...message,
});
const enqueue = (message: Partial<MailMessage> = {}) =>
  app.nest.get(Transactions).run((tx) => app.nest.get(MailerService).enqueue(tx, aMessage(message)));
/** A mail of which all attempts but one have failed. */
const enqueueForLastAttempt = (message: Partial<MailMessage> = {}) =>
  app.nest.get(Transactions).run(async (tx) => {
    const { recipient } = aMessage(message);
    await app.nest.get(MailerService).enqueue(tx, aMessage(message));
    await tx.query('UPDATE mails SET attempts = $2 WHERE recipient = $1', [recipient, ATTEMPTS_MAX - 1]);
  });

interface MailRow {
  id: number;
  status: string;
  attempts: number;
  last_error: string | null;
  text: string | null;
  hold_id: string | null;
  message_id: string;
}
const row = async (recipient = user.email): Promise<MailRow> => {
  const rows = await app.database.query<MailRow>('SELECT * FROM mails WHERE recipient = $1', [recipient]);
  expect(rows).toHaveLength(1);
  return rows[0]!;
};
const untilStatus = (status: string, recipient = user.email) =>
  eventually(async () => (await row(recipient)).status === status);
/** At least so many attempts have failed, and another one is to come. */
const untilQueuedAgain = (attempts: number) =>
  eventually(async () => {
    const mail = await row();
    return mail.status === 'queued' && mail.attempts >= attempts;
  });
const copiesTo = (recipient: string) =>
  smtp.mails.filter(({ to }) => to?.some(({ address }) => address === recipient)).length;
const listed = async (recipient = user.email) => {
  const { body } = await admin.get<{ items: MailRestResponse[] }>('/api/mails/');
  return body.items.find((mail) => mail.recipient === recipient)!;
};
const retry = (id: number): Promise<Reply<MailRestResponse & { code: string }>> =>
  admin.post(`/api/mails/${id}/retry/`);

/** Frozen credits, as a call that is priced by a hold leaves them. */
const aHold = async () => {
  const principal = { accountId: user.accountId } as Principal;
  const order = { principal, requestId: 'request-of-the-mail' };
  return (await app.nest.get(CallHoldsService).make(order, 'user.send_magic_link')).hold;
};
const balance = async () => {
  const { body } = await app
    .client({ 'x-api-key': user.apiKey })
    .get<{ used_credits: number; frozen_credits: number }>('/api/credits/');
  return { used: body.used_credits, frozen: body.frozen_credits };
};

describe('a mail', () => {
  it('arrives as it was written, from the configured address, and is listed as sent', async () => {
    await enqueue({ subject: 'Grüße, 世界', text: 'Line one.\nhttps://example.com/a?b=c&d=e\n' });
    const mail = await smtp.mailTo(user.email);
    expect(mail).toMatchObject({
      from: { name: 'Tollgate', address: 'no-reply@tollgate.example' },
      to: [{ address: user.email }],
      subject: 'Grüße, 世界',
      text: 'Line one.\nhttps://example.com/a?b=c&d=e\n',
      messageId: expect.stringMatching(/^<[0-9a-f-]{36}@tollgate\.example>$/),
    });
    expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
    await untilStatus('sent');
    expect(await listed()).toMatchObject({
      status: 'sent',
      attempts: 1,
      last_error: null,
      directory: 0,
      user: user.number,
      sent_at: expect.any(String),
    });
  });

  it('is written with the change that it announces, or not at all', async () => {
    const transactions = app.nest.get(Transactions);
    const failing = transactions.run(async (tx) => {
      await app.nest.get(MailerService).enqueue(tx, aMessage());
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await app.database.query('SELECT 1 FROM mails WHERE recipient = $1', [user.email])).toEqual([]);
    expect(await app.database.query('SELECT 1 FROM graphile_worker.jobs')).toEqual([]);
  });

  it('checklist 18: has one recipient and the sender that was configured, whatever the names are', async () => {
    await enqueue({ fromName: 'Doe, "Jane" <jane@evil.example>, x', subject: 'Bcc: all@evil.example' });
    const mail = await smtp.mailTo(user.email);
    expect(mail.from).toEqual({ name: 'Doe, "Jane" <jane@evil.example>, x', address: 'no-reply@tollgate.example' });
    expect(mail.to).toEqual([{ name: '', address: user.email }]);
    expect([mail.cc, mail.bcc]).toEqual([undefined, undefined]);
  });

  it.each(['a@example.com, b@example.com', 'a@example.com b@example.com', 'A <a@example.com>', 'a', '<a@b>', ' a@b.c'])(
    'checklist 18: %s is not one address',
    async (recipient) => {
      await expect(enqueue({ recipient })).rejects.toMatchObject({ kind: 'invalid', fields: [{ field: 'recipient' }] });
    },
  );

  it('checklist 22: reaches people who spell their address in an unusual way', async () => {
    for (const email of [' Zoe.Q+tag@EXAMPLE.com. ', '"quoted"@example.com', 'someone@bücher.example']) {
      const { session, password } = await app.aUser({ email });
      const change = { old_password: password, new_password: 'another good password' };
      const reply = await app
        .client({ authorization: `Bearer ${session}` })
        .post('/api/v1/users/password/change', change);
      expect(reply.status).toBe(200);
    }
    const sent = () => smtp.mails.filter(({ subject }) => subject === 'Your password was changed').length;
    await eventually(() => sent() === 3);
  });

  it.each(['recipient', 'subject', 'fromName'] as const)(
    'checklist 18: a line break or an encoded word in %s is refused',
    async (field) => {
      const lineBreaks = ['\r\n', '\n', '\r', '\u0085', '\u2028', '\u2029'];
      const lines = lineBreaks.map((lineBreak) => `a@example.com${lineBreak}Bcc: b@example.com`);
      for (const text of [...lines, '=?utf-8?q?a=40example=2Ecom?=']) {
        await expect(enqueue({ [field]: text })).rejects.toMatchObject({
          kind: 'invalid',
          fields: [{ field }],
        });
      }
    },
  );

  it('of a category that its recipient has not asked for is suppressed, and its credits are given back', async () => {
    const hold = await aHold();
    await enqueue({ category: 'update', hold });
    await untilStatus('suppressed');
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 0, frozen: 0 });
    expect(copiesTo(user.email)).toBe(0);
  });

  it.each([
    ['system', { systemEmails: true }],
    ['update', { updateEmails: true }],
    ['notification', { notificationEmails: true }],
  ] as const)('of the category %s goes to those who have asked for it', async (category, account) => {
    await app.nest.get(AccountsService).updateProfile(key(), { user: {}, account });
    await enqueue({ category });
    await smtp.mailTo(user.email);
  });
});

describe('a mail that carries a code', () => {
  const CANARY = 'CANARY-7KQ2';

  it('checklist 31, 23: loses its text when it is sent, and the code is in no job, list, log or error', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueue({ text: `Your code is ${CANARY}.`, codeTtlSeconds: 600 });
    await eventually(async () => (await row()).last_error !== null);
    const job = await app.database.query(
      `SELECT * FROM graphile_worker._private_jobs WHERE payload::text LIKE '%mailId%'`,
    );
    expect(job).toHaveLength(1);
    expect(JSON.stringify(job)).not.toContain(CANARY);
    expect(job[0]).toMatchObject({ payload: { directoryId: 0, mailId: (await row()).id } });

    smtp.mood = 'accepts';
    expect((await smtp.mailTo(user.email)).text).toContain(CANARY);
    await untilStatus('sent');
    expect((await row()).text).toBeNull();
    expect(JSON.stringify(await listed())).not.toContain(CANARY);
    expect(app.logLines.join()).not.toContain(CANARY);
  });

  it('checklist 31: given up, it keeps its text for a retry, and the code is told to nobody though the server quotes it', async () => {
    smtp.mood = 'refuses-content';
    await enqueueForLastAttempt({ text: `Your code is ${CANARY}.`, codeTtlSeconds: 600 });
    await untilStatus('abandoned');
    const { id, text, last_error } = await row();
    expect([text, last_error]).toEqual([`Your code is ${CANARY}.`, 'DATA was answered 554 5.7.1']);
    expect(JSON.stringify(await listed())).not.toContain(CANARY);
    expect(app.logLines.join()).not.toContain(CANARY);

    smtp.mood = 'accepts';
    await app.nest.get(DeliveryService).eraseExpired();
    expect((await retry(id)).status).toBe(200);
    expect((await smtp.mailTo(user.email)).text).toContain(CANARY);
    await untilStatus('sent');
    expect((await row()).text).toBeNull();
  });

  it('checklist 31: cannot be retried once the code has expired, and loses its text then', async () => {
    smtp.mood = 'refuses-content';
    await enqueueForLastAttempt({ text: `Your code is ${CANARY}.`, codeTtlSeconds: 600 });
    await untilStatus('abandoned');
    const { id } = await row();
    await app.database.query('UPDATE mails SET code_expires_at = now() WHERE id = $1', [id]);
    const refusal = { status: 409, body: { code: 'mailer.mail_text_gone' } };
    expect(await retry(id)).toMatchObject(refusal);

    await app.nest.get(DeliveryService).eraseExpired();
    expect((await row()).text).toBeNull();
    expect(await retry(id)).toMatchObject(refusal);
  });

  it('checklist 31: loses its text when it is given up after the code has expired', async () => {
    smtp.mood = 'refuses-content';
    await enqueueForLastAttempt({ text: `Your code is ${CANARY}.`, codeTtlSeconds: 0 });
    await untilStatus('abandoned');
    expect((await row()).text).toBeNull();
  });
});

describe('checklist 67:', () => {
  it('a server that is down: calls answer, and everything arrives once it is back, once', async () => {
    await smtp.stop();
    const others = await Promise.all(Array.from({ length: 10 }, () => app.aUser()));
    const replies = await Promise.all(
      others.map(({ session, password }, i) =>
        app.client({ authorization: `Bearer ${session}` }).post('/api/v1/users/password/change', {
          old_password: password,
          new_password: `another good password ${i}`,
        }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await eventually(async () => (await row(others[0]!.email)).attempts >= 2);
    expect((await row(others[0]!.email)).last_error).toContain('ECONNREFUSED');

    await smtp.up();
    for (const { email } of others) {
      await smtp.mailTo(email);
      await untilStatus('sent', email);
    }
    expect(others.map(({ email }) => copiesTo(email))).toEqual(Array(10).fill(1));
  });

  it('a server that is slow: nobody waits for it', async () => {
    smtp.mood = 'slow';
    const recipients = Array.from({ length: 30 }, (_, i) => `slow-${i}@example.com`);
    await Promise.all(recipients.map((recipient) => enqueue({ recipient })));
    expect(recipients.filter((recipient) => copiesTo(recipient) === 0).length).toBeGreaterThan(0);
    for (const recipient of recipients) {
      await untilStatus('sent', recipient);
    }
    expect(recipients.map(copiesTo)).toEqual(Array(30).fill(1));
  });

  it('a server that wants it later gets it later', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueue();
    await untilQueuedAgain(1);
    const { attempts, last_error } = await row();
    expect(last_error).toBe('DATA was answered 451 4.3.0');
    smtp.mood = 'accepts';
    await smtp.mailTo(user.email);
    await untilStatus('sent');
    expect((await row()).attempts).toBeGreaterThan(attempts);
  });

  it('a server that hangs up after the mail, without a word: it comes again, under the same Message-ID', async () => {
    smtp.mood = 'drops';
    const before = smtp.received;
    await enqueue();
    await eventually(async () => (await row()).last_error !== null);
    expect(smtp.received).toBe(before + 1);
    const [{ message_id }] = (await app.database.query<{ message_id: string }>(
      'SELECT message_id FROM mails WHERE recipient = $1',
      [user.email],
    )) as [{ message_id: string }];
    smtp.mood = 'accepts';
    expect((await smtp.mailTo(user.email)).messageId).toContain(message_id);
    await untilStatus('sent');
    expect(copiesTo(user.email)).toBe(1);
  });

  it.each([
    ['refuses-recipient', 'RCPT TO was answered 550 5.1.1 no such mailbox'],
    ['refuses-content', 'DATA was answered 554 5.7.1'],
  ] as const)('a server that %s for good may take it later', async (mood, reason) => {
    smtp.mood = mood;
    await enqueue();
    await untilQueuedAgain(2);
    expect((await row()).last_error).toBe(reason);
    smtp.mood = 'accepts';
    await smtp.mailTo(user.email);
    await untilStatus('sent');
  });

  it('a server that refuses the recipient to the end: abandoned, and visible; a retry costs nothing', async () => {
    smtp.mood = 'refuses-recipient';
    await enqueueForLastAttempt({ hold: await aHold() });
    await untilStatus('abandoned');
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 0, frozen: 0 });
    expect(await listed()).toMatchObject({
      status: 'abandoned',
      attempts: ATTEMPTS_MAX,
      last_error: 'RCPT TO was answered 550 5.1.1 no such mailbox',
    });
    const abandoned = await admin.get<{ items: MailRestResponse[] }>('/api/mails/?status=abandoned');
    expect(abandoned.body.items.map(({ recipient }) => recipient)).toContain(user.email);
    expect(new Set(abandoned.body.items.map(({ status }) => status))).toEqual(new Set(['abandoned']));

    smtp.mood = 'accepts';
    const { id } = await row();
    const retries = await Promise.all(Array.from({ length: 50 }, () => retry(id)));
    expect(retries.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(retries.filter(({ status }) => status !== 200).map(({ body }) => body.code))).toEqual(
      new Set(['mailer.mail_not_abandoned']),
    );
    await smtp.mailTo(user.email);
    await untilStatus('sent');
    expect(copiesTo(user.email)).toBe(1);
    expect(await balance()).toEqual({ used: 0, frozen: 0 });
  });

  it('after its last attempt it is abandoned, and the credits are given back', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueueForLastAttempt({ hold: await aHold() });
    await untilStatus('abandoned');
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 0, frozen: 0 });
  });
});

describe('what pays for a mail', () => {
  it('is captured once, when the server has accepted it', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueue({ hold: await aHold() });
    await eventually(async () => (await row()).last_error !== null);
    expect(await balance()).toEqual({ used: 0, frozen: 10_000 });
    smtp.mood = 'accepts';
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 10_000, frozen: 0 });
    const { body } = await app
      .client({ 'x-api-key': user.apiKey })
      .get<{ items: { kind: string; operation: string; reference: string | null }[] }>('/api/credits/entries/');
    expect(body.items.slice(1).map(({ kind, operation }) => `${kind} ${operation}`)).toEqual([
      'hold user.send_magic_link',
      'capture user.send_magic_link',
    ]);
    // Not its number, which would tell how many mails others have had sent.
    expect(body.items.at(-1)!.reference).toBe(`mail ${(await row()).message_id}`);
  });

  it('is captured after a process died between the note and the capture', async () => {
    const hold = await aHold();
    await app.database.query('ALTER TABLE holds RENAME TO holds_away');
    try {
      await enqueue({ hold });
      await untilStatus('sent');
      expect((await row()).hold_id).toBe(hold.id);
    } finally {
      await app.database.query('ALTER TABLE holds_away RENAME TO holds');
    }
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 10_000, frozen: 0 });
    expect(copiesTo(user.email)).toBe(1);
  });

  it('may be gone: the mail counts as sent all the same', async () => {
    const hold = await aHold();
    await app.nest.get(CallHoldsService).settle(hold, 'release', 'somebody else');
    await enqueue({ hold });
    await untilStatus('sent');
    await eventually(async () => (await row()).hold_id === null);
    expect(await balance()).toEqual({ used: 0, frozen: 0 });
  });
});

describe('when its user is deleted', () => {
  const remaining = async () => (await app.database.query('SELECT 1 FROM mails WHERE user_id = $1', [user.id])).length;
  const deleteUser = async ({ email } = user) => {
    const { body } = await admin.post<{ account: { id: string } }>('/v1/user/Read', { email });
    expect((await admin.post('/v1/user/Delete', { id: body.account.id })).status).toBe(200);
  };

  it('goes with them when it is over, however it ended', async () => {
    await enqueue();
    await untilStatus('sent');
    await enqueue({ recipient: 'unwanted@example.com', category: 'update' });
    await untilStatus('suppressed', 'unwanted@example.com');
    smtp.mood = 'refuses-recipient';
    await enqueueForLastAttempt({ recipient: 'abandoned@example.com' });
    await untilStatus('abandoned', 'abandoned@example.com');
    const other = await app.aUser();
    await enqueueForLastAttempt({ user: { directoryId: 0, userId: other.id }, recipient: 'of-another@example.com' });
    await untilStatus('abandoned', 'of-another@example.com');

    expect(await remaining()).toBe(3);
    await deleteUser();
    expect(await remaining()).toBe(0);
    expect(await row('of-another@example.com')).toMatchObject({ status: 'abandoned' });
  });

  it('is sent and paid for first when it is on its way, and goes then', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueue({ hold: await aHold() });
    await enqueue({ recipient: 'second@example.com' });
    await eventually(async () => (await row()).last_error !== null);
    await deleteUser();
    expect(await remaining()).toBe(2);

    smtp.mood = 'accepts';
    await eventually(async () => (await remaining()) === 0);
    expect([copiesTo(user.email), copiesTo('second@example.com')]).toEqual([1, 1]);
    const entries = await app.database.query(
      `SELECT kind FROM entries WHERE account_id = $1 AND kind <> 'grant' ORDER BY sequence`,
      [user.accountId],
    );
    expect(entries).toEqual([{ kind: 'hold' }, { kind: 'capture' }]);
  });

  it('goes with the directory that they were in', async () => {
    const owner = app.client({ 'x-api-key': user.apiKey });
    await owner.post('/v1/user/Create', { email: 'managed@example.com', password: PASSWORD });
    await owner.post('/v1/user/SendPasswordResetEmail', { email: 'managed@example.com' });
    await untilStatus('sent', 'managed@example.com');
    await deleteUser();
    await app.nest.get(DirectoryPurge).purge();
    expect(await app.database.query('SELECT 1 FROM mails WHERE directory_id = $1', [user.accountId])).toEqual([]);
  });

  it('goes when it ends before the deletion is committed', async () => {
    smtp.mood = 'slow';
    await enqueue();
    await untilStatus('sending');
    await app.nest.get(Transactions).run(async (tx) => {
      await tx.query('DELETE FROM users WHERE directory_id = 0 AND id = $1', [user.id]);
      await smtp.mailTo(user.email);
      await eventually(async () => (await lockedOut(app.database)) > 0 || (await row()).status === 'sent');
    });
    await eventually(async () => (await remaining()) === 0);
  });

  it('goes when it ends, uncommitted, before the deletion', async () => {
    smtp.mood = 'refuses-temporarily';
    await enqueue();
    await eventually(async () => (await row()).status === 'queued' && (await row()).attempts > 0);
    let deletion: Promise<unknown> | undefined;
    await app.nest.get(Transactions).run(async (tx) => {
      await tx.query(`UPDATE mails SET status = 'abandoned' WHERE user_id = $1`, [user.id]);
      deletion = app.database.query('DELETE FROM users WHERE directory_id = 0 AND id = $1', [user.id]);
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    await deletion;
    expect(await remaining()).toBe(0);
  });
});

describe('the list of mails', () => {
  it('is for administrators, as is a retry', async () => {
    const client = app.client({ 'x-api-key': user.apiKey });
    expect((await client.get('/api/mails/')).status).toBe(403);
    expect((await client.post('/api/mails/1/retry/')).status).toBe(403);
    expect((await app.client().post('/api/mails/1/retry/')).status).toBe(401);
  });

  it('checklist 46: what names no mail is not found, what is no status is refused', async () => {
    for (const id of ['0', '999999999999999', '9999999999999999', 'x', '1.5', '-1']) {
      expect((await admin.post(`/api/mails/${id}/retry/`)).status).toBe(404);
    }
    expect((await admin.get('/api/mails/?status=lost')).status).toBe(400);
  });
});

describe('checklist 65: the database', () => {
  const setConnections = (allowed: boolean) =>
    onServer(async (admin) => {
      const name = new URL(app.database.url).pathname.slice(1);
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
    });

  it('goes away for some seconds: delivery resumes unaided', async () => {
    await setConnections(false);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await setConnections(true);
    await eventually(() =>
      enqueue().then(
        () => true,
        () => false,
      ),
    );
    await smtp.mailTo(user.email);
    await untilStatus('sent');
  });

  it('goes away between the mail and its note: the note is made when it is back, and nothing is sent twice', async () => {
    smtp.mood = 'slow';
    smtp.slowMs = 1_500;
    await enqueue({ hold: await aHold() });
    await untilStatus('sending');
    await setConnections(false);
    await eventually(() => copiesTo(user.email) === 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await setConnections(true);
    await eventually(() =>
      row().then(
        ({ hold_id }) => hold_id === null,
        () => false,
      ),
    );
    expect(await row()).toMatchObject({ status: 'sent', attempts: 1 });
    expect(await balance()).toEqual({ used: 10_000, frozen: 0 });
    expect(copiesTo(user.email)).toBe(1);
  });
});

it('checklist 66: a server that takes connections and never says anything holds up no call', async () => {
  await smtp.stop();
  const silent = await silentServer(smtp.port);
  try {
    await enqueue();
    await untilStatus('sending');
    expect((await app.client({ 'x-api-key': user.apiKey }).get('/api/users/me/')).status).toBe(200);
  } finally {
    silent.close();
    await smtp.up();
  }
});

it('the metrics count mails by what became of them', async () => {
  const { body } = await app.client().get<string>('/metrics');
  expect(body).toMatch(/^mails_total\{outcome="sent"\} [1-9]\d*$/m);
  expect(body).toMatch(/^mails_total\{outcome="abandoned"\} [1-9]\d*$/m);
  expect(body).toMatch(/^mails_total\{outcome="suppressed"\} [1-9]\d*$/m);
  expect(body).toMatch(/^mails_waiting \d+$/m);
});
