import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { Transactions } from '../src/database/transactions.js';
import { MailerService } from '../src/mailer/mailer.service.js';
import { eventually } from './support/smtp-server.js';
import { TestApp } from './support/test-app.js';

/** What becomes of mails where there is no mail server: files, a line in the log each, and the page `/dev/mail`. */

const LINK = 'https://app.example/login/CANARY-42?a=b&c=%22';
const LOCAL = { publicUrl: 'http://127.0.0.1:3000' };

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start(LOCAL);
});
afterAll(() => app.stop());

const folder = () => join(app.configuration.dataDir, 'mails');
const files = (): Promise<string[]> => readdir(folder()).catch(() => []);

async function send(text: string, subject = 'A subject'): Promise<string> {
  const before = await files();
  await app.nest.get(Transactions).run((tx) =>
    app.nest.get(MailerService).enqueue(tx, {
      user: { directoryId: 0, userId: 1 },
      category: 'security',
      recipient: 'alice@example.com',
      subject,
      text,
      codeTtlSeconds: 600,
    }),
  );
  let name: string | undefined;
  await eventually(async () => {
    name = (await files()).find((file) => file.endsWith('.eml') && !before.includes(file));
    return name !== undefined;
  });
  return name!;
}
const page = (path: string, { url } = app, headers: Record<string, string> = {}) => fetch(url + path, { headers });

it('the page says so when there is no mail', async () => {
  expect(await (await page('/dev/mail')).text()).toContain('No mail yet.');
});

it('a mail is a file that its owner alone can read, with headers as people know them', async () => {
  const path = join(folder(), await send(`Your link:\n${LINK}\n`, 'Grüße'));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(folder())).mode & 0o777).toBe(0o700);
  const content = await readFile(path, 'utf8');
  expect(content).toMatch(/^From: no-reply@localhost$/m);
  expect(content).toMatch(/^To: alice@example\.com$/m);
  expect((await PostalMime.parse(content)).text).toContain(LINK);
});

it('it counts as sent, and its text is gone from the database', async () => {
  await send('text of the mail');
  await eventually(async () => {
    const rows = await app.database.query(`SELECT 1 FROM mails WHERE status <> 'sent' OR text IS NOT NULL`);
    return rows.length === 0;
  });
});

it('checklist 31: it is announced in the log, without the link', async () => {
  const name = await send(LINK);
  await eventually(() => app.logLines.some((line) => line.includes(name)));
  expect(app.logLines.join()).not.toContain('CANARY-42');
});

it('the page lists the mails and shows each, its links to be clicked', async () => {
  const name = await send(`Click ${LINK}. Not javascript:alert(1).`, 'To be clicked');
  const list = await (await page('/dev/mail')).text();
  expect(list).toContain(`<a href="./mail/${name}">To be clicked</a>`);
  expect(await (await page('/dev/mail/')).text()).toContain(`<a href="./${name}">To be clicked</a>`);

  const reply = await page(`/dev/mail/${name}`);
  const html = await reply.text();
  const href = 'https://app.example/login/CANARY-42?a=b&amp;c=%22';
  expect(html).toContain(`Click <a href="${href}" rel="noreferrer">${href}</a>. Not javascript:alert(1).`);
  expect(html).not.toContain('href="javascript');
  expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(reply.headers.get('cache-control')).toBe('no-store');
  expect(reply.headers.get('referrer-policy')).toBe('no-referrer');
});

it('nothing that a mail brings becomes part of the page, and nothing on it may run', async () => {
  const evil = `<script>alert(1)</script> "'&<img src=x onerror=alert(1)> https://x.example/"onmouseover="alert(1)`;
  const name = await send(evil, evil);
  for (const path of ['/dev/mail', `/dev/mail/${name}`]) {
    const reply = await page(path);
    const html = await reply.text();
    expect(html).not.toMatch(/<(script|img)|<[^>]*\son\w+=/i);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(reply.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  }
});

it.each(['..%2Fsecret.key', '%2e%2e', 'x.eml', '..%5c..%5cx.eml', `${'a'.repeat(300)}.eml`])(
  'shows no other file: %s',
  async (name) => {
    expect((await page(`/dev/mail/${name}`)).status).toBe(404);
  },
);

it.each([
  { host: 'evil.example' },
  { host: 'evil.example:3000' },
  { 'x-forwarded-for': '203.0.113.7' },
  { forwarded: 'for=203.0.113.7' },
  { via: '1.1 proxy' },
])('checklist 72: is not there for those who come from elsewhere: %j', async (headers) => {
  const { request } = await import('node:http');
  const status = (path: string) =>
    new Promise((resolve) => request(app.url + path, { headers }, (reply) => resolve(reply.statusCode)).end());
  expect(await status('/dev/mail')).toBe(404);
  expect(await status('/health/live')).toBe(200);
});

it.each([
  ['with a mail server', { ...LOCAL, smtpUrl: 'smtp://127.0.0.1:1' }],
  ['behind https', { publicUrl: 'https://tollgate.example' }],
  ['on a network', { ...LOCAL, host: '0.0.0.0' }],
])('checklist 72: %s there is no such page', async (_, overrides) => {
  const other = await TestApp.start(overrides);
  try {
    for (const path of ['/dev/mail', '/dev/mail/x.eml']) {
      const reply = await page(path, other);
      expect(reply.status).toBe(404);
      expect(await reply.json()).toMatchObject({ code: 'request.unknown_route', status: 404 });
    }
  } finally {
    await other.stop();
  }
});
