import { fileURLToPath } from 'node:url';
import { runProgram } from './support/run-program.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { createTestDatabase } from './support/test-database.js';

const SETTINGS = new URL('../dist/src/v8-settings.js', import.meta.url).href;

it('are known to this V8', async () => {
  const program = `(await import(${JSON.stringify(SETTINGS)})).setUpV8();`;
  const { stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '--eval', program]);
  expect([stdout, stderr]).toEqual(['', '']);
});

it('let it allocate nothing for good, whatever it found alive while the server was young', async () => {
  const tellDecisions = fileURLToPath(new URL('v8/trace-pretenuring.cjs', import.meta.url));
  const database = await createTestDatabase();
  const server = await ServerProcess.start({
    NODE_OPTIONS: `--require ${tellDecisions}`,
    DATABASE_URL: database.url,
    SECRET_KEY,
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
  });
  const caller = server.client({ authorization: `Bearer ${await server.aSession()}` });

  const statuses = new Set<number>();
  const askOften = async () => {
    for (let i = 0; i < 100; i++) {
      statuses.add((await caller.get('/api/users/me/')).status);
    }
  };
  await Promise.all(Array.from({ length: 64 }, askOften));
  await server.stop();
  await database.drop();
  expect(statuses).toEqual(new Set([200]));
  // In the words of Node 20: "pretenuring: AllocationSite(0x…): … undecided => maybe tenure".
  const [, afterStart] = server.output.split('Tollgate is ready.');
  expect(afterStart).not.toContain('tenure');
});
