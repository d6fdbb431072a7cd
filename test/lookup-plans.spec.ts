import { DataSource, type DataSourceOptions } from 'typeorm';
import { PrincipalsService } from '../src/auth/guard/principals.service.js';
import { dataSourceOptions } from '../src/data-source.js';
import { Lookups } from '../src/database/lookup.js';
import { PreparedStatements } from '../src/database/prepared-statements.js';
import { Metrics } from '../src/operations/metrics.js';
import { User } from '../src/users/user.entity.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** PostgreSQL plans a prepared statement five times before it decides whether one plan is good for all. */
const PLANS_MAX = 5;

let database: TestDatabase;
let dataSource: DataSource;
let lookups: Lookups;

beforeAll(async () => {
  database = await createTestDatabase();
  // Among few people a plan for one would not be worth its while in any case.
  await database.query(`
    WITH person AS (
      INSERT INTO users (directory_id, external_id, email, email_as_given, name)
      SELECT 0, 'person-' || n, 'person-' || n || '@people.test', 'person-' || n || '@people.test', '' FROM generate_series(1, 1000) AS n
      RETURNING directory_id, id
    )
    INSERT INTO credentials (id, directory_id, user_id, kind, key_version)
    SELECT 'credential-' || id, directory_id, id, 'api_key', 'none' FROM person`);
  await database.query(`ANALYZE`);
  dataSource = new DataSource({ ...dataSourceOptions(database.url), poolSize: 1 } as DataSourceOptions);
  await dataSource.initialize();
  lookups = new Lookups(dataSource, new PreparedStatements(dataSource), new Metrics());
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** How many are looked up together, in one run of the statement: few for long, then many. */
const SIZES = [...new Array<number>(20).fill(1), ...new Array<number>(20).fill(3), ...new Array<number>(10).fill(20)];

it('few who are looked up have no plan of their own, and neither have many after them', async () => {
  const principals = new PrincipalsService(lookups);
  const users = lookups.byColumns(User, ['directoryId', 'username']);
  for (const length of SIZES) {
    const names = Array.from({ length }, (_, n) => `nobody-${n}`);
    await Promise.all(names.map((id) => principals.find({ kind: 'api_key', id })));
    await Promise.all(names.map((name) => users.find(1, name)));
  }
  const plans: unknown = await dataSource.query(
    `SELECT name, custom_plans, generic_plans FROM pg_prepared_statements WHERE name <> '' ORDER BY name`,
  );
  const counts = { custom_plans: PLANS_MAX, generic_plans: SIZES.length - PLANS_MAX };
  expect(plans).toEqual([
    { name: 'principals', ...counts },
    { name: 'users by directoryId,username', ...counts },
  ]);
});
