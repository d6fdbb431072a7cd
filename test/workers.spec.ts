import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Buyer } from './support/buyer.js';
import { PinnedClient, Unanswered } from './support/pinned-client.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD } from './support/test-app.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const IMPATIENT = fileURLToPath(new URL('workers/impatient.mjs', import.meta.url));

/** The built server as several processes behind one port, which are killed, told to end, and stuck. */

let database: TestDatabase;
let servers: ServerProcess[] = [];
let clients: PinnedClient[] = [];
/** Workers that are stopped in their tracks, and that nobody else may end. */
let stuck: number[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  clients.forEach((client) => client.close());
  stuck.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL'));
  await Promise.all(servers.map((server) => server.stop()));
  [servers, clients, stuck] = [[], [], []];
  await database.drop();
});

function variables(): Record<string, string> {
  return { DATABASE_URL: database.url, SECRET_KEY, WEB_CONCURRENCY: '2' };
}

async function start(more: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ ...variables(), ...more });
  servers.push(server);
  return server;
}

/** One connection to each of the two workers, with their pids. */
async function aConnectionToEach(server: ServerProcess) {
  const byPid = [...(await PinnedClient.toEach(server, 2))];
  clients.push(...byPid.map(([, client]) => client));
  return byPid.map(([pid, client]) => ({ pid, client })) as [Connected, Connected];
}
type Connected = { pid: number; client: PinnedClient };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Takes a while at a cost of 13, whichever worker does it. */
const slowLogin = (client: PinnedClient) =>
  client.post('/api/v1/users/login', { email: 'nobody@example.com', password: PASSWORD });

async function aKey(server: ServerProcess): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await server.aSession()}` };
}

async function chargesInLedger(): Promise<string[]> {
  const rows = await database.query<{ reference: string }>(`SELECT reference FROM entries WHERE kind = 'charge'`);
  return rows.map(({ reference }) => reference).sort();
}

it('starts once, and deals connections out to the workers in turn', async () => {
  const server = await start();
  expect(server.output.match(/Admin/g)).toHaveLength(1);
  expect(server.output.match(/Tollgate is ready/g)).toHaveLength(1);
  const pids: number[] = [];
  for (let i = 0; i < 8; i++) {
    const client = new PinnedClient(server.url);
    clients.push(client);
    pids.push(await client.workerPid(server));
  }
  const counts = [...new Set(pids)].map((pid) => pids.filter((other) => other === pid).length);
  expect(counts).toEqual([4, 4]);
  expect(pids).not.toContain(server.child.pid);
});

it('with WEB_CONCURRENCY=1 there is the one process', async () => {
  const server = await start({ WEB_CONCURRENCY: '1' });
  const client = new PinnedClient(server.url);
  clients.push(client);
  expect(await client.workerPid(server)).toBe(server.child.pid);
});

it('checklist 70: a worker that is killed is replaced, and what the others are doing is unharmed', async () => {
  const server = await start({ CREDITS_PER_PERIOD: '1000000' });
  const headers = await aKey(server);
  const [victim, other] = await aConnectionToEach(server);
  const buyers = Array.from({ length: 16 }, () => new Buyer(server, headers, true));
  let isOver = false;
  const buying = buyers.map((buyer) => buyer.buyUntil(() => isOver));
  const unharmed: number[] = [];
  const untroubled = (async () => {
    while (!isOver) {
      unharmed.push((await other.client.get('/api/users/me/', headers)).status);
    }
  })();
  const answeredByNow = () => buyers.reduce((sum, { answered }) => sum + answered.length, 0);
  const unansweredByNow = () => buyers.map(({ unanswered }) => unanswered.length);

  await eventually(() => answeredByNow() > 100);
  process.kill(victim.pid, 'SIGKILL');
  const before = answeredByNow();
  await server.waitFor('a worker ended');
  await eventually(() => answeredByNow() > before + 100);
  const afterThat = unansweredByNow();
  await eventually(() => answeredByNow() > before + 200);
  const now = await PinnedClient.toEach(server, 2);
  clients.push(...now.values());
  isOver = true;
  await Promise.all([...buying, untroubled]);

  expect([...now.keys()]).toContain(other.pid);
  expect([...now.keys()]).not.toContain(victim.pid);
  const line = server.output.split('\n').find((text) => text.includes('a worker ended'))!;
  expect(JSON.parse(line)).toMatchObject({ worker: victim.pid, signal: 'SIGKILL', pid: server.child.pid });
  expect(new Set(unharmed)).toEqual(new Set([200]));
  // Only those whose connection was with the victim had to ask again, and nobody any more when it was known to be dead.
  expect(buyers.flatMap(({ surprises }) => surprises)).toEqual([]);
  expect(Math.max(...afterThat)).toBeGreaterThan(0);
  expect(Math.min(...afterThat)).toBe(0);
  expect(unansweredByNow()).toEqual(afterThat);
  expect(await chargesInLedger()).toEqual(expect.arrayContaining(buyers.flatMap(({ answered }) => answered)));
});

/** As `start`, but a worker that gives no sign of life is killed after some seconds. */
async function startImpatient(): Promise<ServerProcess> {
  const server = await ServerProcess.start(variables(), { program: IMPATIENT });
  servers.push(server);
  return server;
}
const STUCK = 'a worker gives no sign of life';

it('checklist 70: a worker that is stopped in its tracks is logged and replaced, and whoever waits for it can ask again', async () => {
  const server = await startImpatient();
  const headers = await aKey(server);
  const [victim, other] = await aConnectionToEach(server);
  stuck.push(victim.pid);
  process.kill(victim.pid, 'SIGSTOP');
  const waiting = victim.client.get('/api/users/me/', headers);
  expect((await other.client.get('/api/users/me/', headers)).status).toBe(200);
  await expect(waiting).rejects.toThrow(Unanswered);
  await server.waitFor('a worker ended');
  expect((await victim.client.get('/api/users/me/', headers)).status).toBe(200);

  const now = await PinnedClient.toEach(server, 2);
  clients.push(...now.values());
  expect([...now.keys()]).toContain(other.pid);
  expect([...now.keys()]).not.toContain(victim.pid);
  for (const client of now.values()) {
    expect((await client.get('/api/users/me/', headers)).status).toBe(200);
  }
  const line = server.output.split('\n').find((text) => text.includes(STUCK))!;
  expect(JSON.parse(line)).toMatchObject({ level: 50, worker: victim.pid, pid: server.child.pid });
});

it('when the whole machine slept, nobody is taken for stuck', async () => {
  const server = await startImpatient();
  const workers = await aConnectionToEach(server);
  const all = [server.child.pid!, ...workers.map(({ pid }) => pid)];
  stuck.push(...all);
  all.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  await sleep(6_000);
  // The main process first: it must not judge the others by what it finds.
  for (const pid of all) {
    process.kill(pid, 'SIGCONT');
    await sleep(50);
  }
  await sleep(1_000);
  expect(await Promise.all(workers.map(({ client }) => client.workerPid(server)))).toEqual(
    workers.map(({ pid }) => pid),
  );
  expect(server.output).not.toContain(STUCK);
});

it('whoever was being handed to a worker when it died is hung up on, and not left waiting', async () => {
  const server = await start();
  const [victim] = await aConnectionToEach(server);
  stuck.push(victim.pid);
  process.kill(victim.pid, 'SIGSTOP');
  const { port } = new URL(server.url);
  const callers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('data', () => undefined));
      await once(socket, 'connect');
      socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      return { socket, closed };
    }),
  );
  await eventually(() => callers.filter(({ socket }) => !socket.closed).length === 1);
  process.kill(victim.pid, 'SIGKILL');
  await Promise.all(callers.map(({ closed }) => closed));
  await server.waitFor('a worker ended');
  const now = await PinnedClient.toEach(server, 2);
  clients.push(...now.values());
  expect([...now.keys()]).not.toContain(victim.pid);
});

it('checklist 69: SIGTERM under load fails no request, on connections that are kept open and on new ones', async () => {
  const server = await start({ CREDITS_PER_PERIOD: '1000000' });
  const headers = await aKey(server);
  const workers = await aConnectionToEach(server);
  const buyers = Array.from({ length: 32 }, () => new Buyer(server, headers, false));
  const buying = buyers.map((buyer) => buyer.buyUntil(() => false));
  await eventually(() => buyers.every(({ answered }) => answered.length > 5));
  expect(await server.stop()).toBe(0);
  await Promise.all(buying);

  expect(workers.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
  expect(buyers.flatMap(({ surprises }) => surprises)).toEqual([]);
  // Each ends with a connection that could not be made any more; none with an open one that was cut off.
  expect(buyers.flatMap(({ unanswered }) => unanswered.filter(({ wasReused }) => wasReused))).toEqual([]);
  // What was not answered was not done.
  expect(await chargesInLedger()).toEqual(buyers.flatMap(({ answered }) => answered).sort());
});

it('Ctrl-C, which reaches every process and comes twice, finishes the requests in flight and exits with 0', async () => {
  const server = await start({ BCRYPT_COST: '13' });
  const workers = await aConnectionToEach(server);
  const logins = workers.map(({ client }) => slowLogin(client));
  await sleep(300);
  for (const pid of [server.child.pid!, ...workers.map((worker) => worker.pid), server.child.pid!]) {
    process.kill(pid, 'SIGINT');
  }
  expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([401, 401]);
  expect(await server.exit).toBe(0);
  expect(server.output).not.toContain('a worker ended');
});

it('when the main process is killed, workers finish what is in flight and end, and the port is free', async () => {
  const server = await start({ BCRYPT_COST: '13' });
  const workers = await aConnectionToEach(server);
  const logins = workers.map(({ client }) => slowLogin(client));
  await sleep(300);
  server.child.kill('SIGKILL');
  expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([401, 401]);
  await eventually(() => !workers.some(({ pid }) => isAlive(pid)));
  const next = await start({ PORT: new URL(server.url).port });
  expect((await next.client().get('/health/ready')).status).toBe(200);
});

it('SIGTERM during the start ends everything that was started', async () => {
  const startedAt = performance.now();
  await (await start()).stop();
  const duration = performance.now() - startedAt;
  for (const share of [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]) {
    const server = await ServerProcess.spawn(variables());
    await sleep(duration * share);
    const exitCode = await server.stop();
    // Null when it came before anybody listened to signals.
    expect([0, null]).toContain(exitCode);
    expect(server.output).not.toContain('tollgate:');
    await eventually(async () => {
      const rows = await database.query(
        'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> $1',
        [''],
      );
      return rows.length === 0;
    });
  }
});

it('a second signal, later, does not wait, and leaves no worker behind', async () => {
  const server = await start();
  const [{ pid }] = await aConnectionToEach(server);
  stuck.push(pid);
  process.kill(pid, 'SIGSTOP');
  server.child.kill('SIGTERM');
  await server.waitFor('stopping');
  await sleep(1_500);
  expect(isAlive(pid)).toBe(true);
  expect(await server.signal('SIGTERM')).toBe(1);
  await eventually(() => !isAlive(pid));
});

it('refuses a port that is taken in one line, and with exit code 1', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as { port: number };
  const server = await ServerProcess.spawn({ ...variables(), PORT: String(port) });
  expect(await server.exit).toBe(1);
  squatter.close();
  expect(server.output.split('\n').filter((line) => line.startsWith('tollgate:'))).toEqual([
    `tollgate: Port ${port} on 127.0.0.1 is taken by another program. Set PORT to a free one.`,
  ]);
});

it('metrics are those of all workers, whichever is asked, and do not go down when one is gone', async () => {
  const server = await start();
  const workers = await aConnectionToEach(server);
  const headers = await aKey(server);
  for (let i = 0; i < 5; i++) {
    await Promise.all(workers.map(({ client }) => client.get('/api/users/me/', headers)));
  }
  const seen = async ({ client }: Connected) => {
    const { body } = await client.get<string>('/metrics');
    return Number(
      /^http_request_duration_seconds_count\{method="GET",route="\/api\/users\/me",status="200"\} (\d+)$/m.exec(
        body,
      )![1],
    );
  };
  expect(await seen(workers[0])).toBe(10);
  expect(await seen(workers[1])).toBe(10);

  process.kill(workers[0].pid, 'SIGKILL');
  await server.waitFor('a worker ended');
  expect(await seen(workers[1])).toBe(10);
  await workers[1].client.get('/api/users/me/', headers);
  expect(await seen(workers[1])).toBe(11);
});

it('metrics do not wait for a worker that is stuck', async () => {
  const server = await start();
  const [{ pid }, other] = await aConnectionToEach(server);
  stuck.push(pid);
  process.kill(pid, 'SIGSTOP');
  expect((await other.client.get('/metrics')).status).toBe(200);
  process.kill(pid, 'SIGCONT');
});

it('metrics that the main process does not tell are not waited for', async () => {
  const server = await start();
  const [{ client }] = await aConnectionToEach(server);
  server.child.kill('SIGSTOP');
  const reply = await client.get('/metrics').finally(() => server.child.kill('SIGCONT'));
  expect(reply.status).toBe(500);
  expect(server.output).toContain('the supervisor does not answer');
  expect((await client.get('/metrics')).status).toBe(200);
});
