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

const hasTable = async (table: string) => {
  const [row] = await database.query<{ name: string | null }>(`SELECT to_regclass($1)::text AS name`, [table]);
  return row?.name === table;
};
const hasUsers = () => hasTable('users');

it('runs the migrations, finds nothing to generate, and reverts them', async () => {
  expect((await run('run')).exitCode).toBe(0);
  expect(await hasUsers()).toBe(true);

  const generated = await run('generate', 'add-something');
  expect(generated.output).toContain('No changes in database schema were found');

  // One at a time, the latest first.
  expect(await hasTable('user_counts')).toBe(true);
  expect((await run('revert')).exitCode).toBe(0);
  expect(await hasTable('user_counts')).toBe(false);
  expect(await hasTable('directory_deletions')).toBe(true);
  expect((await run('revert')).exitCode).toBe(0);
  expect(await hasTable('directory_deletions')).toBe(false);
  expect(await hasTable('holds')).toBe(true);
  expect((await run('revert')).exitCode).toBe(0);
  expect(await hasTable('holds')).toBe(false);
  expect(await hasUsers()).toBe(true);
  expect((await run('revert')).exitCode).toBe(0);
  expect(await hasUsers()).toBe(false);
});

it('explains itself when the command is unknown', async () => {
  const { exitCode, output } = await run('sideways');
  expect(exitCode).toBe(2);
  expect(output).toMatch(/^usage: /);
});
