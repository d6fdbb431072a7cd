import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/data-source.js';
import { addDeliveryJob } from '../src/mailer/delivery/delivery-job.js';
import { MailerService } from '../src/mailer/mailer.service.js';
import { selfMadeCertificate } from './support/certificate.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { TestSmtpServer, eventually } from './support/smtp-server.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** Built servers as processes that share a queue of mails, and die. */

let database: TestDatabase;
let dataSource: DataSource;
let smtp: TestSmtpServer;
let dataDir: string;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
  smtp = await TestSmtpServer.start();
  dataDir = await mkdtemp(join(tmpdir(), 'tollgate-mail-'));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await smtp.stop();
  await dataSource.destroy();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(variables: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    SECRET_KEY,
    SMTP_URL: smtp.url,
    ...variables,
  });
  servers.push(server);
  return server;
}

const enqueue = (recipient: string, hold?: { accountId: number; id: string }) =>
  new MailerService(dataSource).enqueue(dataSource.manager, {
    user: { directoryId: 0, userId: 1 },
    category: 'security',
    recipient,
    subject: 'A subject',
    text: 'A text.',
    hold,
  });
const unsent = async () =>
  (await database.query(`SELECT 1 FROM mails WHERE status <> 'sent' OR hold_id IS NOT NULL`)).length;
/** Rows of the queue, with those that nobody works on any more. */
const jobs = async () => (await database.query('SELECT 1 FROM graphile_worker._private_jobs')).length;
const copies = () => {
  const byRecipient: Record<string, string[]> = {};
  for (const { to, messageId } of smtp.mails) {
    (byRecipient[to![0]!.address!] ??= []).push(messageId!);
  }
  return byRecipient;
};
/** As if a minute had passed since whoever had a mail in hand was last seen. */
const aMinuteLater = async () => {
  await database.query(`UPDATE mails SET leased_until = leased_until - interval '1 minute' WHERE status = 'sending'`);
  await database.query(
    `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 minute' WHERE locked_at IS NOT NULL`,
  );
};

/** Somebody with credits, and holds on them as calls leave them. */
async function somebody(server: ServerProcess, holds: number) {
  const session = await server.aSession();
  const client = server.client({ 'x-api-key': session });
  const made = await Promise.all(
    Array.from({ length: holds }, () =>
      client.post<{ id: string; account: number }>('/api/credits/holds/', {
        amount: 100,
        operation: 'test',
        expires_in: 9999,
      }),
    ),
  );
  return {
    token: session,
    holds: made.map(({ body }) => ({ accountId: body.account, id: body.id })),
  };
}
const creditsOf = async (server: ServerProcess, token: string) => {
  const { body } = await server.client({ 'x-api-key': token }).get<Record<string, number>>('/api/credits/');
  return { used: body.used_credits, frozen: body.frozen_credits };
};

it('several processes share the queue: each mail goes once, and is paid for once', async () => {
  const [server] = await Promise.all([start(), start(), start()]);
  const { token, holds } = await somebody(server, 60);
  await Promise.all(holds.map((hold, i) => enqueue(`shared-${i}@example.com`, hold)));
  await eventually(async () => (await unsent()) === 0);
  expect(Object.values(copies()).map(({ length }) => length)).toEqual(Array(60).fill(1));
  expect(await creditsOf(server, token)).toEqual({ used: 6_000, frozen: 0 });
});

it('checklist 57: killed between the mail and its note: it goes again under the same Message-ID, and is paid for once', async () => {
  const first = await start();
  const { token, holds } = await somebody(first, 1);
  const exit = new Promise((resolve) => {
    smtp.beforeAnswer = () => {
      smtp.beforeAnswer = () => undefined;
      first.child.kill('SIGKILL');
      void first.exit.then(resolve);
    };
  });
  await enqueue('window@example.com', holds[0]);
  await exit;
  expect(await database.query('SELECT status FROM mails')).toEqual([{ status: 'sending' }]);

  const second = await start();
  await aMinuteLater();
  await eventually(async () => (await unsent()) === 0, 40_000);
  const [one, other, ...more] = copies()['window@example.com']!;
  expect(other).toBe(one);
  expect(more).toEqual([]);
  expect(await creditsOf(second, token)).toEqual({ used: 100, frozen: 0 });
  await eventually(async () => (await jobs()) === 0);
});

it('checklist 57: killed before it could say that a job is done: the job is removed by another process', async () => {
  const server = await start();
  await enqueue('done@example.com');
  await enqueue('deleted@example.com');
  await eventually(async () => (await unsent()) === 0 && (await jobs()) === 0);
  // As their process left them: the job of a mail that is sent, and that of one that went with its user.
  await database.query(`SELECT ${addDeliveryJob('mails', `now() + interval '1 hour'`)} FROM mails`);
  await database.query(
    `UPDATE graphile_worker._private_jobs SET locked_by = id || ' dead', locked_at = now() - interval '2 minutes', run_at = now()`,
  );
  await database.query(`DELETE FROM mails WHERE recipient = 'deleted@example.com'`);
  await eventually(async () => (await jobs()) === 0);
  expect(server.child.exitCode).toBeNull();
  expect(Object.values(copies()).map(({ length }) => length)).toEqual([1, 1]);
});

it('checklist 57: killed in the middle of many: all arrive, again only what was in hand, all paid for once', async () => {
  smtp.mood = 'slow';
  const first = await start();
  const { token, holds } = await somebody(first, 60);
  await Promise.all(holds.map((hold, i) => enqueue(`many-${i}@example.com`, hold)));
  await eventually(() => smtp.mails.length >= 20);
  await first.signal('SIGKILL');
  const second = await start();
  await aMinuteLater();
  await eventually(async () => (await unsent()) === 0, 40_000);
  const all = Object.values(copies());
  expect(all).toHaveLength(60);
  expect(all.filter((ids) => new Set(ids).size > 1)).toEqual([]);
  expect(all.filter(({ length }) => length > 1).length).toBeLessThanOrEqual(10);
  expect(await creditsOf(second, token)).toEqual({ used: 6_000, frozen: 0 });
  await eventually(async () => (await jobs()) === 0);
});

it('checklist 69: SIGTERM lets the mails in hand finish, and leaves the others to the next process', async () => {
  smtp.mood = 'slow';
  const first = await start();
  await Promise.all(Array.from({ length: 40 }, (_, i) => enqueue(`stop-${i}@example.com`)));
  await eventually(() => smtp.mails.length >= 5);
  expect(await first.stop()).toBe(0);
  expect(await database.query(`SELECT 1 FROM mails WHERE status = 'sending'`)).toEqual([]);
  expect(smtp.mails.length).toBeLessThan(40);
  await start();
  await eventually(async () => (await unsent()) === 0);
  expect(Object.values(copies()).map(({ length }) => length)).toEqual(Array(40).fill(1));
});

it('a mail server that has gone silent does not keep the process from ending; its mail is put back', async () => {
  smtp.mood = 'slow';
  smtp.slowMs = 60_000;
  const server = await start();
  await enqueue('silent@example.com');
  await eventually(async () => (await database.query(`SELECT 1 FROM mails WHERE status = 'sending'`)).length === 1);
  await eventually(() => smtp.received === 1);
  expect(await server.stop()).toBe(0);
  expect(await database.query(`SELECT status, last_error FROM mails`)).toEqual([
    { status: 'queued', last_error: 'EABORT: Message sending aborted' },
  ]);
});

it('trusts the authorities of NODE_EXTRA_CA_CERTS', async () => {
  const certificate = await selfMadeCertificate('IP:127.0.0.1');
  const file = join(dataDir, 'authority.pem');
  await writeFile(file, certificate.cert);
  const secure = await TestSmtpServer.start({ ...certificate, secure: true });
  const SMTP_URL = `smtps://127.0.0.1:${secure.port}`;
  try {
    const first = await start({ SMTP_URL });
    await enqueue('secure@example.com');
    await eventually(async () => (await database.query('SELECT 1 FROM mails WHERE last_error IS NOT NULL')).length > 0);
    expect(await database.query('SELECT status, last_error FROM mails')).toEqual([
      { status: 'queued', last_error: 'ESOCKET: self-signed certificate' },
    ]);
    await first.stop();
    await start({ SMTP_URL, NODE_EXTRA_CA_CERTS: file });
    await eventually(async () => (await unsent()) === 0);
    expect(secure.session!.secure).toBe(true);
  } finally {
    await secure.stop();
  }
});

it('says in which way mails go, and never the password of the mail server', async () => {
  const server = await start({ SMTP_URL: `smtp://user:hidden@127.0.0.1:${smtp.port}` });
  expect(server.output).toContain(`Mail   sent through 127.0.0.1:${smtp.port}`);
  await enqueue('login@example.com'); // This server takes no login.
  await eventually(async () => (await database.query('SELECT 1 FROM mails WHERE last_error IS NOT NULL')).length === 1);
  const [mail] = await database.query<{ last_error: string }>('SELECT last_error FROM mails');
  await server.stop();
  for (const text of [server.output, mail!.last_error]) {
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(Buffer.from('hidden').toString('base64'));
  }
});
