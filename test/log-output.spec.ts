import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** Built servers whose log cannot be written. */

let database: TestDatabase;
let server: ServerProcess | undefined;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});
afterEach(async () => {
  await server?.stop();
  await database.drop();
});

const ask = async () => (await server!.client().get('/health/live')).status;
const times = (text: string) => server!.output.split(text).length - 1;

it.each(['1', '2'])(
  'checklist 70: a full disk ends nobody, and is told on standard error (processes: %s)',
  async (processes) => {
    const full = openSync('/dev/full', 'w');
    server = await ServerProcess.spawn(
      { DATABASE_URL: database.url, SECRET_KEY, WEB_CONCURRENCY: processes, LOG_LEVEL: 'debug' },
      { stdout: full },
    );
    closeSync(full);
    await server.waitFor('Tollgate is ready.');
    expect(server.output).toMatch(/Admin {2}admin@example.com, password \S+/);

    for (let i = 0; i < 10; i++) {
      expect(await ask()).toBe(200);
    }
    await eventually(() => times('The log cannot be written') > 0);
    expect(times('The log cannot be written')).toBeLessThanOrEqual(processes === '1' ? 1 : 3);
    expect(server.output).toContain('ENOSPC');
    expect(await server.stop()).toBe(0);
  },
);

it('checklist 70: a full disk that takes standard error, too, ends nobody', async () => {
  const full = openSync('/dev/full', 'w');
  server = await ServerProcess.spawn({ DATABASE_URL: database.url, SECRET_KEY }, { stdout: full, stderr: full });
  closeSync(full);
  await eventually(() =>
    ask()
      .catch(() => 0)
      .then((status) => status === 200),
  );
  await sleep(500); // It says that it is ready after it is.
  expect(await ask()).toBe(200);
  expect(await server.stop()).toBe(0);
});

it('checklist 70: a log that nobody reads holds up nobody for long, and goes on when it is read again', async () => {
  server = await ServerProcess.start({ DATABASE_URL: database.url, SECRET_KEY });
  server.child.stdout!.pause();
  while (times('The log cannot be written') === 0) {
    expect(await ask()).toBe(200);
  }

  server.child.stdout!.resume();
  while (times('The log can be written again.') === 0) {
    expect(await ask()).toBe(200);
  }
  await server.client().get('/health/live', { 'x-request-id': 'once-more' });
  await server.waitFor('"requestId":"once-more"');
  expect(times('The log cannot be written')).toBe(1);
});
