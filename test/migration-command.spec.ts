import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** The built command behind `npm run migration:…`. */

const COMMAND = fileURLToPath(new URL('../dist/src/migration-command.js', import.meta.url));

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());

function run(...args: string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: database.url };
    execFile(process.execPath, [COMMAND, ...args], { env }, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

/** A table, or its column, trigger or constraint. */
const has = async (table: string, part = '%') => {
  const parts = await database.query(
    `SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND column_name LIKE $2
     UNION ALL
     SELECT FROM information_schema.triggers WHERE event_object_schema = 'public' AND event_object_table = $1
       AND trigger_name LIKE $2
     UNION ALL
     SELECT FROM information_schema.table_constraints WHERE table_schema = 'public' AND table_name = $1
       AND constraint_name LIKE $2`,
    [table, part],
  );
  return parts.length > 0;
};

it('runs the migrations, finds nothing to generate, and reverts them', async () => {
  expect((await run('run')).exitCode).toBe(0);
  const generated = await run('generate', 'add-something');
  expect(generated.output).toContain('No changes in database schema were found');

  // One at a time, the latest first.
  const places: [table: string, part?: string][] = [
    ['users', 'access_token_id'],
    ['user_numbers'],
    ['accounts', 'accounts_managed_id_check'],
    ['mails', 'code_expires_at'],
    ['users', 'mails_go_with_users'],
    ['principals', 'access_token_id'],
    ['user_counts'],
    ['codes'],
    ['directory_deletions'],
    ['mails', 'attempts'],
    ['holds'],
    ['users'],
  ];
  for (const place of places) {
    expect([place, await has(...place)]).toEqual([place, true]);
    expect((await run('revert')).exitCode).toBe(0);
    expect([place, await has(...place)]).toEqual([place, false]);
  }
});

it('explains itself when the command is unknown', async () => {
  const { exitCode, output } = await run('sideways');
  expect(exitCode).toBe(2);
  expect(output).toMatch(/^usage: /);
});
