import pg from 'pg';
import { DataSource } from 'typeorm';
import { ManagedAccountIds1799000000000 } from '../migrations/1799000000000-managed-account-ids.js';
import { MIGRATIONS } from '../migrations/index.js';
import { dataSourceOptions } from '../src/data-source.js';
import { isMigrated, migrate } from '../src/database/migrator.js';
import { waitingForTable } from './support/lock.js';
import { eventually } from './support/smtp-server.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Everything that the schema consists of, in words that can be compared. */
const schemaOf = () =>
  database.query(`
    SELECT 'column' AS kind, table_name AS place, column_name AS name,
      concat_ws(' ', data_type, datetime_precision, is_nullable, column_default, is_identity) AS definition
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'view', '', viewname, definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'function', '', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY 1, 2, 3`);

it('entities and migrations agree', async () => {
  await migrate(dataSourceOptions(database.url));
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

it('every migration goes down, leaving nothing, and up again to the same schema', async () => {
  const empty = await schemaOf();
  await migrate(dataSourceOptions(database.url));
  const migrated = await schemaOf();
  expect(migrated.length).toBeGreaterThan(100);

  for (let i = 0; i < MIGRATIONS.length; i++) {
    await dataSource.undoLastMigration({ transaction: 'each' });
  }
  const ofOurs = (rows: { place?: string }[]) => rows.filter(({ place }) => place !== 'migrations');
  expect(ofOurs(await schemaOf())).toEqual(ofOurs(empty));

  await migrate(dataSourceOptions(database.url));
  expect(await schemaOf()).toEqual(migrated);
});

it('processes that start at once do not collide: one migrates, the others wait', async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrate(dataSourceOptions(database.url))));
  const rows = await database.query('SELECT 1 FROM migrations');
  expect(rows).toHaveLength(MIGRATIONS.length);
});

it('checklist 69: waits for a table that a dump reads, and lets everybody pass who wants it meanwhile', async () => {
  await migrate(dataSourceOptions(database.url));
  await dataSource.undoLastMigration({ transaction: 'each' });
  const dump = new pg.Client({ connectionString: database.url });
  await dump.connect();
  await dump.query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
  let isDone = false;
  const migrating = migrate(dataSourceOptions(database.url)).then(() => (isDone = true));
  await eventually(async () => (await waitingForTable(database, 'users')) > 0);
  await database.query(`SET statement_timeout = '20s'; SELECT 1 FROM users`);
  expect(isDone).toBe(false);
  await dump.end();
  await migrating;
  expect(await isMigrated(dataSource)).toBe(true);
});

it('accounts of managed users get the numbers of the users, and those of the platform stay', async () => {
  await migrate(dataSourceOptions(database.url));
  const undo = async () => {
    for (let i = MIGRATIONS.length; i > MIGRATIONS.indexOf(ManagedAccountIds1799000000000); i--) {
      await dataSource.undoLastMigration({ transaction: 'each' });
    }
  };
  await undo();
  const users = await database.query<{ directory_id: number; id: number }>(
    `INSERT INTO users (directory_id, external_id, email, email_as_given)
     SELECT directory, it, it || '@example.com', it || '@example.com'
     FROM unnest(ARRAY[7, 0]) AS directory, generate_series(1, 5) AS it RETURNING directory_id, id`,
  );
  // So that each has a number that another one is to get.
  for (const { directory_id, id } of users.sort((a, b) => b.directory_id - a.directory_id || b.id - a.id)) {
    await database.query('INSERT INTO accounts (directory_id, user_id) VALUES ($1, $2)', [directory_id, id]);
  }
  const accounts = () =>
    database.query<{ directory_id: number; user_id: number; id: number }>(
      'SELECT directory_id, user_id, id FROM accounts ORDER BY 1, 2',
    );
  const before = await accounts();
  await migrate(dataSourceOptions(database.url));
  expect(await accounts()).toEqual(before.map((it) => (it.directory_id === 0 ? it : { ...it, id: it.user_id })));
  expect(await accounts()).not.toEqual(before);

  await undo();
  expect(new Set((await accounts()).map(({ id }) => id)).size).toBe(users.length);
});

it('never synchronizes', () => {
  expect(dataSource.options.synchronize).toBe(false);
});

it('the ledger has a partition for this month and the next twelve', async () => {
  await migrate(dataSourceOptions(database.url));
  const partitions = await database.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'entries'::regclass ORDER BY 1`,
  );
  expect(partitions).toHaveLength(14);
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');
  expect(partitions.map(({ name }) => name)).toContain(`entries_${month}`);
});

it('an up-to-date database is known as such, and one that lacks a migration of ours or of the queue is not', async () => {
  expect(await isMigrated(dataSource)).toBe(false);
  await migrate(dataSourceOptions(database.url));
  expect(await isMigrated(dataSource)).toBe(true);

  const [ours] = await database.query<{ name: string }>(
    `DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations) RETURNING name`,
  );
  expect(ours!.name).toBe(MIGRATIONS.at(-1)!.name);
  expect(await isMigrated(dataSource)).toBe(false);
  await database.query(`INSERT INTO migrations (timestamp, name) VALUES (0, '${ours!.name}')`);
  expect(await isMigrated(dataSource)).toBe(true);

  await database.query(
    `DELETE FROM graphile_worker.migrations WHERE id = (SELECT max(id) FROM graphile_worker.migrations)`,
  );
  expect(await isMigrated(dataSource)).toBe(false);
});
