import { afterWaiting } from './support/lock.js';
import { TestApp, type TestUser } from './support/test-app.js';

/** What the row of a user says of their account and access token, for the guard: see docs/adr/0015-the-hot-path.md. */

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});
afterEach(async () => {
  expect(await wrong()).toEqual([]);
});
afterAll(() => app.stop());

/** Users whose row does not say what the tables say. */
const wrong = () =>
  app.database.query(`
    SELECT person.* FROM users AS person
    LEFT JOIN accounts AS account
      ON person.directory_id = 0 AND account.directory_id = 0 AND account.user_id = person.id
    LEFT JOIN credentials AS token
      ON token.directory_id = person.directory_id AND token.user_id = person.id AND token.kind = 'access_token'
    WHERE (person.account_id, person.access_token_id, person.access_token_key_version)
      IS DISTINCT FROM (account.id, token.id, token.key_version)`);
const rowOf = async ({ id }: TestUser) =>
  (
    await app.database.query<{ account_id: number | null; access_token_id: string | null }>(
      'SELECT account_id, access_token_id FROM users WHERE id = $1',
      [id],
    )
  )[0];
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const regenerate = (credential: string) =>
  app.client(bearer(credential)).post<{ access_token: string }>('/api/users/me/token/regenerate/');

it('is right from the sign-up on, and after the token was regenerated', async () => {
  const user = await app.aUser();
  expect(await rowOf(user)).toEqual({ account_id: user.accountId, access_token_id: user.accessToken.slice(3, 25) });
  const { body } = await regenerate(user.session);
  expect(await rowOf(user)).toMatchObject({ access_token_id: body.access_token.slice(3, 25) });
  const me = await app.client(bearer(user.session)).get<{ access_token: string }>('/api/users/me/');
  expect(me.body.access_token).toBe(body.access_token);
});

it('is right for a managed user, who has a token when they ask for it, and no account that pays', async () => {
  const owner = app.client({ 'x-api-key': (await app.aUser()).apiKey });
  await owner.post('/v1/user/Create', { id: 'joe', email: 'joe@example.com', password: 'correct horse battery' });
  const { body } = await owner.post<{ session: { id: string } }>('/v1/user/Login', {
    email: 'joe@example.com',
    password: 'correct horse battery',
  });
  const joe = 'SELECT account_id, access_token_id FROM users WHERE external_id = $1';
  expect(await app.database.query(joe, ['joe'])).toEqual([{ account_id: null, access_token_id: null }]);
  const token = await app.client(bearer(body.session.id)).get<{ access_token: string }>('/api/users/me/token/');
  expect(await app.database.query(joe, ['joe'])).toEqual([
    { account_id: null, access_token_id: token.body.access_token.slice(3, 25) },
  ]);
});

it('is right whatever is done to many rows at once', async () => {
  const [one, two] = [await app.aUser(), await app.aUser()];
  await app.database.query(`UPDATE credentials SET key_version = 'other' WHERE user_id IN ($1, $2)`, [one.id, two.id]);
  expect(await wrong()).toEqual([]);
  await app.database.query('DELETE FROM credentials WHERE user_id IN ($1, $2)', [one.id, two.id]);
  expect(await rowOf(one)).toEqual({ account_id: one.accountId, access_token_id: null });
  await app.database.query('DELETE FROM accounts WHERE user_id = $1', [two.id]);
  expect(await rowOf(two)).toEqual({ account_id: null, access_token_id: null });
});

it('is right after a race of regenerations', async () => {
  const user = await app.aUser();
  const replies = await Promise.all(Array.from({ length: 20 }, () => regenerate(user.session)));
  expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
});

it('regenerates no token of a user who is just being deleted, and does not stand in their way', async () => {
  const user = await app.aUser();
  const reply = await afterWaiting(
    app.database,
    (deletion) => deletion.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [user.id]),
    () => regenerate(user.session),
    // It would be a deadlock if the regeneration had the token already.
    (deletion) => deletion.query('DELETE FROM users WHERE id = $1', [user.id]),
  );
  expect(reply.status).toBe(401);
});

it('is right again after a load past the triggers', async () => {
  const user = await app.aUser();
  await app.database.query(
    'UPDATE users SET account_id = NULL, access_token_id = $2, access_token_key_version = $3 WHERE id = $1',
    [user.id, 'wrong', 'wrong'],
  );
  await app.database.query('SELECT user_links_rebuild()');
  expect(await rowOf(user)).toEqual({ account_id: user.accountId, access_token_id: user.accessToken.slice(3, 25) });
});
