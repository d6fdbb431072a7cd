import { fileURLToPath } from 'node:url';
import { runProgram } from './support/run-program.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD } from './support/test-app.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** The one file that the build makes of everything. What it does as a server, the other tests of processes say. */

const inTest = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = inTest('../dist/src/main.js');

let database: TestDatabase;
let running: ServerProcess | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await database.drop();
});

async function start(variables: Record<string, string> = {}): Promise<ServerProcess> {
  running = await ServerProcess.start({ DATABASE_URL: database.url, SECRET_KEY, ...variables });
  return running;
}

it('serves the document and its page, keeps a mail and shows it, and stops', async () => {
  const server = await start();
  const { url } = server;
  expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ openapi: expect.any(String) });
  expect(await (await fetch(`${url}/docs`)).text()).toContain('swagger-ui-bundle.js');
  const asset = await fetch(`${url}/docs/assets/swagger-ui-bundle.js`);
  expect([asset.status, asset.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  expect((await asset.text()).length).toBeGreaterThan(1_000_000);

  const person = { email: 'somebody@example.com', password: PASSWORD };
  await server.client().post('/api/users/', person);
  await server.client().post('/api/users/', person); // the owner of the address is told by mail
  await eventually(async () => (await (await fetch(`${url}/dev/mail`)).text()).includes('.eml'));
  expect(await server.stop()).toBe(0);
});

it('loads nothing beside itself but what hashes passwords: there is one copy of everything', async () => {
  const server = await start({ NODE_OPTIONS: `--require ${inTest('bundle/tell-loaded.cjs')}` });
  await server.stop();
  const [, loaded] = /^loaded: (.*)$/m.exec(server.output)!;
  const packages = (JSON.parse(loaded!) as string[]).map(
    (path) => /.*node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1],
  );
  expect(new Set(packages)).toEqual(new Set(['bcrypt', 'node-gyp-build', 'piscina']));
});

const OPEN = `
  const { openBundle } = await import(${JSON.stringify(new URL('../dist/src/bundle/bundle.js', import.meta.url).href)});
  process.stdout.write(openBundle().script.cachedDataRejected === false ? 'already compiled' : 'compiled anew');
`;

it.each([
  ['is already compiled', [], 'already compiled'],
  ['is compiled anew where the compiler is another', ['--no-opt'], 'compiled anew'],
])('%s', async (_, flags, expected) => {
  const { stdout } = await runProgram(process.execPath, [...flags, '--input-type=module', '--eval', OPEN]);
  expect(stdout).toBe(expected);
});

it('runs where the compiler is another', async () => {
  const { stderr, exitCode } = await runProgram(process.execPath, ['--no-opt', MAIN], { env: { SECRET_KEY: 'short' } });
  expect([stderr, exitCode]).toEqual([expect.stringContaining('tollgate: SECRET_KEY is too short'), 1]);
});

it('logs stacks that name the TypeScript, and classes by their names', async () => {
  const server = await start();
  await database.query('ALTER TABLE mails RENAME TO elsewhere');
  await eventually(() => /src\/mailer\/delivery\/delivery-worker\.ts:\d+:\d+/.test(server.output));
  const line = server.output.split('\n').find((text) => text.includes('delivery-worker.ts'))!;
  expect(JSON.parse(line)).toMatchObject({ context: 'DeliveryWorker', err: { type: 'QueryFailedError' } });
});

it('has no classes that V8 tries to optimize again and again in vain', async () => {
  const server = await start({
    NODE_OPTIONS: `--require ${inTest('bundle/trace-opt.cjs')}`,
    CREDITS_PER_PERIOD: '1000000',
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
  });
  const caller = server.client({ authorization: `Bearer ${await server.aSession()}` });
  const member = await caller.post('/v1/user/Create', {
    email: 'member@example.com',
    password: PASSWORD,
    id: 'member',
  });
  expect(member.status).toBe(200);

  const statuses = new Set<number>();
  const readMany = async () => {
    for (let i = 0; i < 200; i++) {
      statuses.add((await caller.post('/v1/user/Read', { id: 'member' })).status);
    }
  };
  await Promise.all(Array.from({ length: 32 }, readMany));
  expect(statuses).toEqual(new Set([200]));
  await server.stop();
  expect(server.output).toContain('completed optimizing');
  // In the words of Node 20. It was 0 when this was written, and 462 with names in rxjs.
  expect(server.output.match(/Bailed out due to dependency change/g)?.length ?? 0).toBeLessThan(100);
});
