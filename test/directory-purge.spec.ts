import { Transactions } from '../src/database/transactions.js';
import { DirectoryPurge } from '../src/users/directory-purge.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/** Large directories whose owner is deleted. */

let app: TestApp;
let owner: TestUser;

beforeEach(async () => {
  app = await TestApp.start();
  owner = await app.aUser();
});
afterEach(() => app.stop());

async function fill(users: number): Promise<void> {
  // Its locks are one per name: too many for one statement.
  await app.database.query('ALTER TABLE users DISABLE TRIGGER users_refuse_foreign_name');
  await app.database.query(
    `WITH person AS (
       INSERT INTO users (directory_id, external_id, email, email_as_given)
       SELECT $1, 'u-' || i, i || '@example.com', i || '@example.com' FROM generate_series(1, $2) AS i
       RETURNING directory_id, id, email
     )
     INSERT INTO mails (directory_id, user_id, category, recipient, subject, text, message_id, status, sent_at)
     SELECT directory_id, id, 'security', email, 'A subject', 'A text.', gen_random_uuid(), 'sent', now()
     FROM person WHERE id % 5 = 0`,
    [owner.accountId, users],
  );
  await app.database.query('ALTER TABLE users ENABLE TRIGGER users_refuse_foreign_name');
}

async function deleteOwner(): Promise<void> {
  const admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
  const { body } = await admin.post<{ account: { id: string } }>('/v1/user/Read', { email: owner.email });
  expect((await admin.post('/v1/user/Delete', { id: body.account.id })).status).toBe(200);
}

const left = async (table: string): Promise<number> => {
  const [row] = await app.database.query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE directory_id = $1`, [
    owner.accountId,
  ]);
  return row!.n;
};

it('of 50,000 users goes in small steps, and all other calls are answered', async () => {
  await fill(50_000);
  const client = app.client({ 'x-api-key': (await app.aUser()).apiKey });
  await deleteOwner();

  let isOver = false;
  const purge = app.nest
    .get(DirectoryPurge)
    .purge()
    .finally(() => (isOver = true));
  const statuses = new Set<number>();
  const counts = new Set<number>();
  let locksMax = 0;
  for (let i = 0; !isOver; i++) {
    const create = { email: `${i}@example.com`, password: PASSWORD };
    const replies = [await client.get('/api/users/me/'), await client.post('/v1/user/Create', create)];
    replies.forEach(({ status }) => statuses.add(status));
    counts.add(await left('users'));
    const [locks] = await app.database.query<{ n: number }>(
      `SELECT max(n) AS n FROM (
         SELECT count(*) AS n FROM pg_locks
         WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid
       ) AS sessions`,
    );
    locksMax = Math.max(locksMax, locks!.n);
  }
  await purge;
  // The server purges, too: whoever of both comes last ends it.
  await eventually(async () => (await left('directory_deletions')) === 0);
  expect([...statuses]).toEqual([200]);
  expect(counts.size).toBeGreaterThan(5);
  expect(locksMax).toBeLessThan(200);
  for (const table of ['users', 'mails', 'user_counts', 'directory_deletions']) {
    expect([table, await left(table)]).toEqual([table, 0]);
  }
}, 240_000);

it('waits for nobody, and comes back for those who were in use', async () => {
  await fill(1_200);
  await deleteOwner();
  await app.nest.get(Transactions).run(async (tx) => {
    await tx.query('SELECT FROM users WHERE directory_id = $1 ORDER BY id LIMIT 1 FOR UPDATE', [owner.accountId]);
    await app.nest.get(DirectoryPurge).purge();
    expect([await left('users'), await left('directory_deletions')]).toEqual([1, 1]);
  });
  await app.nest.get(DirectoryPurge).purge();
  expect([await left('users'), await left('directory_deletions')]).toEqual([0, 0]);
});
