import { requestText, sendRaw, type RawReply } from './support/raw-socket.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/** `ENVELOPE_HTTP_STATUS=always-200`: what clients of the original service expect, and nobody else gets. */

const JSON_TYPE = { 'content-type': 'application/json' };

let app: TestApp;
let alice: TestUser;
let admin: TestUser;

beforeAll(async () => {
  app = await TestApp.start({ envelopeHttpStatus: 'always-200' });
  [alice, admin] = [await app.aUser(), await app.anAdministrator()];
});
afterAll(() => app.stop());

function send(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<RawReply> {
  const credential: Record<string, string> = headers.cookie === undefined ? { 'x-api-key': alice.apiKey } : {};
  return sendRaw(app.url, requestText(method, path, { ...credential, ...headers }, body));
}

const FAILURES: [number, string, string, Record<string, string>, string][] = [
  [400, 'POST', 'profile', JSON_TYPE, '{'],
  [400, 'POST', 'profile/update', JSON_TYPE, '{"role":"admin"}'],
  [400, 'POST', '%ff', {}, ''],
  [400, 'POST', 'profile', { 'x-session-token': 'another' }, ''],
  [400, 'POST', 'profile', { 'content-length': '1', 'transfer-encoding': 'chunked' }, ''],
  [401, 'POST', 'profile', { 'x-api-key': 'forged' }, ''],
  [401, 'POST', 'login', JSON_TYPE, '{"email":"nobody@example.com","password":"wrong"}'],
  [404, 'POST', 'nothing', {}, ''],
  [405, 'GET', 'profile', {}, ''],
  [409, 'POST', 'profile/update', JSON_TYPE, '{"email":"admin@example.com"}'],
  [413, 'POST', 'profile', JSON_TYPE, ' '.repeat(300_000)],
  [415, 'POST', 'profile', { 'content-type': 'text/plain' }, '{}'],
  [431, 'POST', 'profile', { 'x-long': 'a'.repeat(20_000) }, ''],
];

it.each(FAILURES)('answers HTTP 200 with code %i in the body: %s %s', async (code, method, path, headers, body) => {
  const reply = await send(method, `/api/v1/users/${path}`, headers, body);
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ code, data: expect.any(String), status: 0 });
});

it('keeps the headers that say more', async () => {
  expect((await send('GET', '/api/v1/users/profile')).headers.get('allow')).toBe('POST');
  const refused = await send('POST', '/api/v1/users/profile', { 'x-api-key': 'forged' });
  expect(refused.headers.get('www-authenticate')).toBe('Bearer');
});

it('answers 500 and 403 so too', async () => {
  const forbidden = await send('POST', '/api/v1/users/profile', { cookie: `session=${alice.session}` });
  expect([forbidden.status, forbidden.body]).toMatchObject([200, { code: 403, status: 0 }]);

  await app.database.query('ALTER TABLE accounts RENAME COLUMN timezone TO elsewhere');
  const broken = await send('POST', '/api/v1/users/account-details');
  await app.database.query('ALTER TABLE accounts RENAME COLUMN elsewhere TO timezone');
  expect([broken.status, broken.body]).toEqual([200, { code: 500, data: expect.any(String), status: 0 }]);
});

it('answers as ever in the other dialects', async () => {
  const statuses = await Promise.all([
    send('GET', '/api/users/me', { 'x-api-key': 'forged' }),
    send('POST', '/api/users/', JSON_TYPE, '{'),
    send('GET', '/api/nothing'),
    send('POST', '/api/users/me'),
    send('GET', '/api/mails/'),
    send('POST', '/v1/user/Nothing'),
    send('POST', '/v1/user/%ff'),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([401, 400, 404, 405, 403, 404, 400]);
  expect((await send('GET', '/api/mails/', { 'x-api-key': admin.apiKey })).status).toBe(200);
});

it('answers a success as ever', async () => {
  const body = JSON.stringify({ email: alice.email, password: PASSWORD });
  const reply = await send('POST', '/api/v1/users/login', JSON_TYPE, body);
  expect([reply.status, reply.body]).toMatchObject([200, { code: 200, status: 1 }]);
});
