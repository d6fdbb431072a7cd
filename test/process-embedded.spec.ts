import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD } from './support/test-app.js';

/** The built server with nothing but a data folder, as a newcomer runs it. */

let parent: string;
let dataDir: string;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tollgate-process-'));
  await chmod(parent, 0o711); // As root the database runs as another user, who must pass through.
  dataDir = join(parent, 'data');
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await rm(parent, { recursive: true, force: true });
});

async function start(variables: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ DATA_DIR: dataDir, ...variables });
  servers.push(server);
  return server;
}

it('checklist 57: kill -9 in the middle of writes loses nothing that was answered', async () => {
  const first = await start();
  const answered: string[] = [];
  let isKilled = false;
  const signUpUntilKilled = async (writer: number) => {
    for (let i = 0; !isKilled; i++) {
      const email = `writer-${writer}-${i}@example.com`;
      const reply = await first
        .client()
        .post('/api/users/', { email, password: PASSWORD })
        .catch(() => undefined);
      if (reply?.status === 202) {
        answered.push(email);
      }
    }
  };
  const writers = Array.from({ length: 8 }, (_, writer) => signUpUntilKilled(writer));
  while (answered.length < 40) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await first.signal('SIGKILL');
  isKilled = true;
  await Promise.all(writers);

  const second = await start();
  expect(second.output).toContain('taken over');
  const logins = await Promise.all(
    answered.map((email) => second.client().post('/api/v1/users/login', { email, password: PASSWORD })),
  );
  expect(logins.filter(({ status }) => status !== 200)).toEqual([]);
  expect(second.output).not.toContain('Admin');
});

it('keeps people, credentials and its key from one start to the next', async () => {
  const first = await start();
  const headers = { authorization: `Bearer ${await first.aSession('a@example.com')}` };
  expect(await first.stop()).toBe(0);

  const second = await start();
  expect((await second.client().get('/api/users/me/', headers)).status).toBe(200);
  expect((await stat(join(dataDir, 'secret.key'))).mode & 0o777).toBe(0o600);
  const key = (await readFile(join(dataDir, 'secret.key'), 'utf8')).trim();
  expect(second.output).not.toContain(key);
});

it('several workers share the embedded database; what a killed main process leaves is taken over, and SIGTERM leaves none', async () => {
  const several = { WEB_CONCURRENCY: '2' };
  const first = await start(several);
  await first.client().post('/api/users/', { email: 'a@example.com', password: PASSWORD });
  await first.signal('SIGKILL');

  const second = await start(several);
  expect(second.output).toContain('taken over');
  const login = await second.client().post('/api/v1/users/login', { email: 'a@example.com', password: PASSWORD });
  expect(login.status).toBe(200);
  expect(await second.stop()).toBe(0);

  const third = await start(several);
  expect(third.output).not.toContain('taken over');
});

it('SIGTERM in the middle of the first start leaves no database running', async () => {
  const first = await ServerProcess.spawn({ DATA_DIR: dataDir });
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  await eventually(async () => (await stat(pidFile).catch(() => undefined)) !== undefined);
  expect(await first.stop()).toBe(0);
  expect(await stat(pidFile).catch(() => undefined)).toBeUndefined();
});

it('refuses a second copy on the same data folder, and the first does not notice', async () => {
  const first = await start();
  const second = await ServerProcess.spawn({ DATA_DIR: dataDir });
  expect(await second.exit).toBe(1);
  expect(second.output.trim().split('\n')).toEqual([expect.stringMatching(/^tollgate: .*in use by process \d+/)]);
  expect((await first.client().get('/health/ready')).status).toBe(200);
});

it('refuses a database whose key was lost, rather than end every credential', async () => {
  const first = await start();
  await first.stop();
  await rm(join(dataDir, 'secret.key'));
  for (let attempt = 0; attempt < 2; attempt++) {
    const second = await ServerProcess.spawn({ DATA_DIR: dataDir });
    expect(await second.exit).toBe(1);
    expect(second.output).toContain('Put its secret.key back, or set SECRET_KEY.');
  }
});

it('a port that is taken is refused, and the database is stopped again', async () => {
  const first = await start({ DATA_DIR: join(parent, 'other') });
  const { port } = new URL(first.url);
  const second = await ServerProcess.spawn({ DATA_DIR: dataDir, PORT: port });
  expect(await second.exit).toBe(1);
  expect(second.output).toContain(`Port ${port} on 127.0.0.1 is taken`);
  // The administrator is there by now, and so its login was told.
  const [, email, password] = /Admin {2}(\S+), password (\S+)/.exec(second.output) ?? [];

  const third = await start();
  expect(third.output).not.toContain('taken over');
  expect((await third.client().post('/api/v1/users/login', { email, password })).status).toBe(200);
});

it('checklist 68: refuses a key file that holds no key, and a data folder that is none', async () => {
  await mkdir(dataDir, { mode: 0o711 });
  await writeFile(join(dataDir, 'secret.key'), '\n');
  const damaged = await ServerProcess.spawn({ DATA_DIR: dataDir });
  expect(await damaged.exit).toBe(1);
  expect(damaged.output.trim().split('\n')).toEqual([expect.stringContaining('secret.key does not hold a key')]);

  const misplaced = await ServerProcess.spawn({ DATA_DIR: join(dataDir, 'secret.key') });
  expect(await misplaced.exit).toBe(1);
  expect(misplaced.output.trim().split('\n')).toEqual([expect.stringMatching(/^tollgate: DATA_DIR, .*cannot be used/)]);
});
