import { AccountsEnvelopeController } from '../src/accounts/http/accounts.envelope.controller.js';
import { Transactions } from '../src/database/transactions.js';
import { MailerService } from '../src/mailer/mailer.service.js';
import type { Principal } from '../src/route-policy/principal.js';
import { Priced } from '../src/credits/priced.js';
import { CurrentHold, type CallHold } from '../src/route-policy/price-policy.js';
import type { Client } from './support/client.js';
import { document } from './support/contract.js';
import { TestSmtpServer, eventually } from './support/smtp-server.js';
import { TestApp, type TestUser } from './support/test-app.js';
import { onServer } from './support/test-database.js';

/**
 * A call that is paid for by a hold, shown on one that is free: here it has a price, and sends a mail that its hold pays for,
 * to the `name` that is asked for. `name: "fails"` fails.
 */
const UPDATE = '/api/v1/users/profile/update';

let app: TestApp;
let smtp: TestSmtpServer;
let user: TestUser;
let client: Client;
let duringWork: () => Promise<void> = () => Promise.resolve();

const prototype = AccountsEnvelopeController.prototype as unknown as Record<string, unknown>;
const original = prototype.updateProfile as object;
async function sendMail(principal: Principal, { name }: { name: string }, hold?: CallHold): Promise<unknown> {
  await duringWork();
  if (name === 'fails') {
    throw new Error('out of order');
  }
  await app.nest.get(Transactions).run((tx) =>
    app.nest.get(MailerService).enqueue(tx, {
      user: principal,
      category: 'security',
      recipient: `${name}@example.com`,
      subject: 'Paid for',
      text: 'x',
      hold,
    }),
  );
  const { body } = await client.post<{ data: object }>('/api/v1/users/profile');
  const { id, email } = body.data as { id: number; email: string };
  const time = '2026-01-01T00:00:00Z';
  return { id, name, email, timezone: 'UTC', ...EMAILS, unused_collection_expired: '', updated_at: time };
}
const EMAILS = { system_emails: false, update_emails: false, notification_emails: false };

for (const key of Reflect.getMetadataKeys(original)) {
  Reflect.defineMetadata(key, Reflect.getMetadata(key, original), sendMail);
}
prototype.updateProfile = sendMail;
CurrentHold()(prototype, 'updateProfile', 2);
Priced('user.send_magic_link', { by: 'hold' })(prototype, 'updateProfile', { value: sendMail });
const { responses } = document.paths[UPDATE]!.post!;
responses[402] = structuredClone(responses[400]!);
for (const response of Object.values(responses)) {
  Object.assign(response.headers, { 'X-Credits-Cost': {}, 'X-Credits-Remaining': {} });
}

beforeAll(async () => {
  smtp = await TestSmtpServer.start();
  app = await TestApp.start({ smtpUrl: smtp.url });
});
afterAll(async () => {
  await app.stop();
  await smtp.stop();
});
beforeEach(async () => {
  user = await app.aUser();
  client = app.client({ 'x-api-key': user.apiKey });
});
afterEach(() => {
  smtp.mood = 'accepts';
  duringWork = () => Promise.resolve();
});

const told = ({ headers }: { headers: Headers }) => [headers.get('x-credits-cost'), headers.get('x-credits-remaining')];
const entries = async () =>
  (
    await app.database.query<{ kind: string; operation: string; amount: number; used_change: number }>(
      'SELECT * FROM entries WHERE account_id = $1 AND sequence > 1 ORDER BY sequence',
      [user.accountId],
    )
  ).map((entry) => `${entry.kind} ${entry.operation} ${entry.amount} ${entry.used_change}`);
const grant = async (amount: number) => {
  const admin = await app.anAdministrator();
  await app
    .client({ 'x-api-key': admin.apiKey })
    .post('/api/credits/grants/', { account: user.accountId, amount, operation: 'test' });
};
const HELD = 'hold user.send_magic_link -10000 0';
const CAPTURED = 'capture user.send_magic_link 0 10000';
const RELEASED = 'release user.send_magic_link 10000 0';

it('is frozen before the work and spent when the mail server has the mail', async () => {
  smtp.mood = 'refuses-temporarily';
  const reply = await client.post(UPDATE, { name: 'frozen' });
  expect(reply.status).toBe(200);
  expect(told(reply)).toEqual(['10000', '0']);
  expect(await entries()).toEqual([HELD]);

  smtp.mood = 'accepts';
  await smtp.mailTo('frozen@example.com');
  await eventually(async () => (await entries()).length === 2);
  expect(await entries()).toEqual([HELD, CAPTURED]);
});

it('checklist 63: what is refused, or fails on our side, costs nothing', async () => {
  const replies = [await client.post(UPDATE, { color: 'red' }), await client.post(UPDATE, { name: 'fails' })];
  expect(replies.map(({ status }) => status)).toEqual([400, 500]);
  expect(replies.map(told)).toEqual(Array(2).fill(['0', '10000']));
  expect(await entries()).toEqual([HELD, RELEASED, HELD, RELEASED]);
});

it('without credits: 402, and nothing happened', async () => {
  await client.post('/api/credits/charges/', { amount: 1, operation: 'before' });
  const reply = await client.post(UPDATE, { name: 'nobody-pays' });
  expect(reply).toMatchObject({ status: 402, body: { code: 402, status: 0 } });
  expect(told(reply)).toEqual(['0', '9999']);
  expect(await entries()).toEqual(['charge before -1 1']);
  expect(await app.database.query(`SELECT 1 FROM mails WHERE recipient LIKE 'nobody-pays%'`)).toEqual([]);
});

it('costs administrators nothing, and their mails go all the same', async () => {
  const admin = await app.anAdministrator();
  client = app.client({ 'x-api-key': admin.apiKey });
  const reply = await client.post(UPDATE, { name: 'for-nothing' });
  expect(reply.status).toBe(200);
  expect(told(reply)).toEqual(['0', '10000']);
  await smtp.mailTo('for-nothing@example.com');
});

it('checklist 55: of fifty calls with credits for seven mails, seven are sent, and the ledger adds up', async () => {
  await grant(60_000);
  const names = Array.from({ length: 50 }, (_, i) => `race-${i}`);
  const replies = await Promise.all(names.map((name) => client.post(UPDATE, { name })));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(7);
  expect(replies.filter(({ status }) => status === 402)).toHaveLength(43);
  await eventually(async () => (await entries()).filter((entry) => entry === CAPTURED).length === 7);
  expect(smtp.mails.filter(({ to }) => to?.[0]?.address?.startsWith('race-'))).toHaveLength(7);
  const { body } = await client.get<Record<string, number>>('/api/credits/');
  expect(body).toMatchObject({ used_credits: 70_000, frozen_credits: 0, spendable_credits: 0 });
});

it('checklist 65: is given back when the database is there again', async () => {
  const name = new URL(app.database.url).pathname.slice(1);
  const setConnections = (allowed: boolean) =>
    onServer(async (admin) => {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
    });
  duringWork = () => setConnections(false);
  const reply = await client.post(UPDATE, { name: 'too-late' });
  expect(reply.status).toBe(503);
  expect(told(reply)).toEqual(['0', '10000']);
  await setConnections(true);
  await eventually(() =>
    entries().then(
      (all) => all.includes(RELEASED),
      () => false,
    ),
  );
  expect(await entries()).toEqual([HELD, RELEASED]);
});
