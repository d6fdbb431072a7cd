import { TestApp, type TestUser } from './support/test-app.js';

const PAGE = 'https://app.example.com';
const ME = '/api/users/me/';

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await TestApp.start({ corsOrigins: [PAGE] });
  user = await app.aUser();
});
afterAll(() => app.stop());

const preflight = (origin: string) =>
  app.client().send('OPTIONS', ME, {
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  });

it('lets a page of a configured origin call with a credential in a header, never with a cookie', async () => {
  const { status, headers } = await preflight(PAGE);
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(headers.get('access-control-allow-headers')).toBe('authorization');
  expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, DELETE');
  expect(headers.has('access-control-allow-credentials')).toBe(false);
});

it('gives preflights the headers of every other answer', async () => {
  const { headers } = await preflight(PAGE);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
});

it('shows such a page the answer and what it costs, and no page of another origin', async () => {
  const client = app.client({ authorization: `Bearer ${user.session}` });
  const ours = await client.send('GET', ME, { headers: { origin: PAGE } });
  expect(ours.status).toBe(200);
  expect(ours.headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(ours.headers.get('access-control-expose-headers')).toContain('X-Credits-Cost');
  const theirs = await client.send('GET', ME, { headers: { origin: 'https://evil.example' } });
  expect(theirs.headers.has('access-control-allow-origin')).toBe(false);
  expect((await preflight('https://evil.example')).headers.has('access-control-allow-origin')).toBe(false);
});

it('says nothing of origins where none is configured', async () => {
  const plain = await TestApp.start();
  const { status, headers } = await plain.client().send('OPTIONS', ME, { headers: { origin: PAGE } });
  expect([status, headers.has('access-control-allow-origin')]).toEqual([405, false]);
  await plain.stop();
});
