import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Buyer } from './support/buyer.js';
import { PinnedClient } from './support/pinned-client.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** The built server when something fails in it that nobody had expected. */

const loading = (fault: string) => ({
  NODE_OPTIONS: `--require ${fileURLToPath(new URL(`faults/${fault}.cjs`, import.meta.url))}`,
});
const FAULTY = loading('fail-on-signal');

let database: TestDatabase;
let parent: string;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  parent = await mkdtemp(join(tmpdir(), 'tollgate-faults-'));
  await chmod(parent, 0o711); // As root the database runs as another user, who must pass through.
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await database.drop();
  await rm(parent, { recursive: true, force: true });
});

async function start(variables: Record<string, string>): Promise<ServerProcess> {
  const server = await ServerProcess.start({ CREDITS_PER_PERIOD: '1000000', ...variables });
  servers.push(server);
  return server;
}
const onDatabase = () => ({ DATABASE_URL: database.url, SECRET_KEY });

const bearer = (session: string) => ({ authorization: `Bearer ${session}` });

/** Buys with many clients from before the fault until `isOver`, and tells what came of it. */
async function buyThrough(server: ServerProcess, session: string, fault: () => void, isOver: () => Promise<boolean>) {
  const buyers = Array.from({ length: 16 }, () => new Buyer(server, bearer(session), true));
  let isToEnd = false;
  const buying = buyers.map((buyer) => buyer.buyUntil(() => isToEnd));
  await eventually(() => buyers.every(({ answered }) => answered.length > 3));
  fault();
  await eventually(isOver);
  isToEnd = true;
  await Promise.all(buying);
  return {
    answered: buyers.flatMap(({ answered }) => answered).sort(),
    surprises: buyers.flatMap(({ surprises }) => surprises),
    unanswered: buyers.flatMap(({ unanswered }) => unanswered),
  };
}

async function chargesInLedger(): Promise<string[]> {
  const rows = await database.query<{ reference: string }>(`SELECT reference FROM entries WHERE kind = 'charge'`);
  return rows.map(({ reference }) => reference).sort();
}

const hasExited = (server: ServerProcess) => () => Promise.resolve(server.child.exitCode !== null);

/** What the log says of errors that nobody caught or waited for. */
function faultsIn(server: ServerProcess): unknown[] {
  const lines = server.output.split('\n').filter((line) => /nobody (caught|waited)/.test(line));
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe('checklist 70: after an exception that nobody catches', () => {
  const signal = 'SIGHUP';
  const fault = (pid: number) => ({
    level: 60,
    pid,
    err: expect.objectContaining({ message: 'nobody catches this' }) as unknown,
  });

  it('one process ends in order, with code 1, and the next start finds everything and a database that was stopped', async () => {
    const dataDir = { DATA_DIR: join(parent, 'data') };
    const first = await start({ ...dataDir, ...FAULTY });
    const session = await first.aSession();
    const spendable = async (server: ServerProcess) =>
      (await server.client(bearer(session)).get<{ spendable_credits: number }>('/api/credits/')).body.spendable_credits;
    const before = await spendable(first);

    const bought = await buyThrough(first, session, () => first.child.kill(signal), hasExited(first));
    expect(await first.exit).toBe(1);
    expect(faultsIn(first)).toEqual([expect.objectContaining(fault(first.child.pid!))]);
    expect(bought.surprises).toEqual([]);
    expect(bought.unanswered.filter(({ wasReused }) => wasReused)).toEqual([]);

    const second = await start(dataDir);
    expect(second.output).not.toContain('taken over');
    expect(await spendable(second)).toBe(before - bought.answered.length);
  });

  it('a worker finishes what is in flight and is replaced, and no request fails', async () => {
    const server = await start({ ...onDatabase(), ...FAULTY, WEB_CONCURRENCY: '2' });
    const session = await server.aSession();
    const workers = await PinnedClient.toEach(server, 2);
    const [victim, other] = [...workers.keys()] as [number, number];
    let now = new Map<number, PinnedClient>();
    const bought = await buyThrough(
      server,
      session,
      () => process.kill(victim, signal),
      async () => {
        await server.waitFor('a worker ended');
        now = await PinnedClient.toEach(server, 2);
        return true;
      },
    );
    [...workers.values(), ...now.values()].forEach((client) => client.close());

    expect(faultsIn(server)).toEqual([expect.objectContaining(fault(victim))]);
    expect([...now.keys()]).toContain(other);
    expect([...now.keys()]).not.toContain(victim);
    expect(bought).toMatchObject({ surprises: [], unanswered: [] });
    expect(await chargesInLedger()).toEqual(bought.answered);
  });

  it('the main process of several ends in order, with code 1', async () => {
    const server = await start({ ...onDatabase(), ...FAULTY, WEB_CONCURRENCY: '2' });
    const session = await server.aSession();
    const bought = await buyThrough(server, session, () => server.child.kill(signal), hasExited(server));
    expect(await server.exit).toBe(1);
    expect(faultsIn(server)).toEqual([expect.objectContaining(fault(server.child.pid!))]);
    expect(bought.surprises).toEqual([]);
    expect(bought.unanswered.filter(({ wasReused }) => wasReused)).toEqual([]);
    expect(await chargesInLedger()).toEqual(bought.answered);
  });
});

it.each(['1', '2'])('checklist 70: a promise that fails unheard ends nothing (processes: %s)', async (processes) => {
  const server = await start({ ...onDatabase(), ...FAULTY, WEB_CONCURRENCY: processes });
  const session = await server.aSession();
  const pids = [server.child.pid!];
  if (processes !== '1') {
    const workers = await PinnedClient.toEach(server, Number(processes));
    pids.push(...workers.keys());
    workers.forEach((client) => client.close());
  }

  const fail = () => pids.forEach((pid) => process.kill(pid, 'SIGUSR2'));
  const bought = await buyThrough(server, session, fail, () =>
    Promise.resolve(faultsIn(server).length === pids.length),
  );
  const err = expect.objectContaining({ message: 'nobody waits for this' }) as unknown;
  expect(faultsIn(server)).toEqual(
    expect.arrayContaining(pids.map((pid) => expect.objectContaining({ level: 50, pid, err }) as unknown)),
  );
  expect(server.output).not.toContain('a worker ended');
  expect(bought).toMatchObject({ surprises: [], unanswered: [] });
  expect(await chargesInLedger()).toEqual(bought.answered);
});

it('checklist 70: a thread for passwords that cannot start fails those who wait for it, and nobody else', async () => {
  const administrator = { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'chosen by the operator' };
  // Another process has made the administrator, so that the first password is that of a login.
  await (await start({ ...onDatabase(), ...administrator })).stop();
  const server = await start({ ...onDatabase(), ...loading('first-thread-fails') });
  const login = async () => {
    const body = { email: administrator.ADMIN_EMAIL, password: administrator.ADMIN_PASSWORD };
    return (await server.client().post('/api/v1/users/login', body)).status;
  };
  expect(await login()).toBe(500);
  expect(await Promise.all([login(), login(), login()])).toEqual([200, 200, 200]);
  expect(server.output).toContain('a thread that hashes passwords could not start, or broke');
  expect(faultsIn(server)).toEqual([]);
});
