import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { stageBinaries } from '../src/database/embedded/staged-binaries.js';
import {
  Holder,
  killHolders,
  makePlayground,
  makeWorkspace,
  nativeFolder,
  setLinks,
  type Workspace,
} from './embedded/workspace.js';

/**
 * Real processes, really killed. As root (CI) the normal user's cases run as `nobody`, and root's own cases run too; as a
 * normal user only the former do.
 */
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;
const plainUser = isRoot ? { uid: NOBODY } : {};
const asRoot = isRoot ? it : it.skip;

let playground: string;
let workspace: Workspace;
let machineDir: string;
let dataDirs = 0;
let usedDataDir: string | undefined;

beforeAll(async () => {
  playground = await makePlayground();
  machineDir = join(playground, 'machine');
  workspace = await makeWorkspace(join(playground, 'checkout'));
  await setLinks(workspace, true);
});

afterEach(async () => {
  await killHolders(); // of a test that failed
  const left = postmastersOf(playground);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  expect(left).toEqual([]);
});

afterAll(async () => {
  await rm(playground, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

describe('a normal user', () => {
  it('gets a database on the loopback interface, for which one needs the password', async () => {
    const dataDir = await aDataDir(NOBODY);
    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url, folder, isNew, isAdopted } = await holder.hear('started');

    expect({ isNew, isAdopted, folder }).toEqual({ isNew: true, isAdopted: false, folder: join(dataDir, 'postgres') });
    expect(url).toMatch(/^postgres:\/\/tollgate:[\w-]{32}@127\.0\.0\.1:\d+\/tollgate$/);
    expect(
      await query(
        url,
        `select current_setting('listen_addresses') as addresses,
           current_setting('server_encoding') as encoding, current_setting('timezone') as timezone,
           current_setting('max_connections') as connections, current_setting('fsync') as fsync,
           lower('ÄÉΩЖ') as lowered, current_setting('is_superuser') as superuser`,
      ),
    ).toEqual([
      {
        addresses: '127.0.0.1',
        encoding: 'UTF8',
        timezone: 'UTC',
        connections: '600',
        fsync: 'off',
        lowered: 'äéωж',
        superuser: 'off',
      },
    ]);
    await expect(query(url.replace(/:[\w-]{32}@/, ':guess@'), 'select 1')).rejects.toThrow('password authentication');
    // No socket file either, whose folder would be anybody's (/tmp).
    expect(await readFile(join(folder, 'postmaster.opts'), 'utf8')).toContain('"unix_socket_directories="');
    const rules = (await readFile(join(folder, 'pg_hba.conf'), 'utf8')).split('\n').filter((line) => /^\w/.test(line));
    expect(rules.length).toBeGreaterThan(0);
    for (const rule of rules) expect(rule).toMatch(/ scram-sha-256$/);
    expect(await modeOf(join(folder, 'tollgate.passwords.json'))).toBe(0o600);
    expect(await modeOf(folder)).toBe(0o700);
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log']);
    await holder.stop();
  });

  it('finds the same database at the second start', async () => {
    const dataDir = await theUsedDataDir();
    const first = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    await makeNote((await first.hear('started')).url);
    await first.stop();
    expect(postmastersOf(dataDir)).toEqual([]);

    const second = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url, isNew, isAdopted } = await second.hear('started');

    expect({ isNew, isAdopted }).toEqual({ isNew: false, isAdopted: false });
    expect(await readNotes(url)).toEqual(['kept']);
    await second.stop();
  });

  it('is served also when the install script that makes links for the binaries did not run', async () => {
    const dataDir = join(await aDataDir(NOBODY), 'deeper', '.data');
    await setLinks(workspace, false);
    try {
      const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
      expect((await holder.hear('started')).isNew).toBe(true);
      expect(await readdir(join(dataDir, 'postgres-binaries'))).toHaveLength(1);
      expect(await modeOf(dataDir)).toBe(0o700); // it did not exist, and is for secrets
      await holder.stop();
    } finally {
      await setLinks(workspace, true);
    }
  });
});

describe('root', () => {
  asRoot('has the server run by an unprivileged user, inside a data folder that this user can reach', async () => {
    const dataDir = join(playground, 'reachable', '.data');
    const holder = new Holder(workspace, { dataDir, machineDir });
    const { folder } = await holder.hear('started');

    expect(folder).toBe(join(dataDir, 'postgres'));
    expect(await modeOf(dataDir)).toBe(0o711);
    expect((await stat(folder)).uid).not.toBe(0);
    expect(userOf(await postmasterPid(folder))).toBe((await stat(folder)).uid);
    await holder.stop();
  });

  asRoot('has the server run by the owner of the data folder', async () => {
    const dataDir = await aDataDir(NOBODY);
    const holder = new Holder(workspace, { dataDir, machineDir });
    const { folder } = await holder.hear('started');
    expect(userOf(await postmasterPid(folder))).toBe(NOBODY);
    await holder.stop();

    const owner = new Holder(workspace, { dataDir, machineDir, uid: NOBODY });
    expect((await owner.hear('started')).isNew).toBe(false);
    await owner.stop();
  });

  asRoot('is served in a checkout that nobody else can enter, with no mode changed', async () => {
    const secluded = join(playground, 'secluded');
    await mkdir(secluded, { mode: 0o700 });
    await chmod(secluded, 0o700);
    const checkout = await makeWorkspace(join(secluded, 'tollgate'));
    const machine = join(playground, 'other-machine');
    const dataDir = join(checkout.folder, '.data');

    const holder = new Holder(checkout, { dataDir, machineDir: machine });
    const { url, folder, isNew } = await holder.hear('started');
    expect(isNew).toBe(true);
    expect(folder.startsWith(`${machine}/tollgate-`)).toBe(true);
    expect((await holder.hear('notice', 'cannot reach')).notice).toContain(folder);
    await makeNote(url);
    await holder.stop();

    expect(await modeOf(secluded)).toBe(0o700);
    const [staged, ...more] = await readdir(join(machine, 'binaries'));
    expect(more).toEqual([]);
    const programs = join(machine, 'binaries', staged!, 'bin');
    for (const path of [join(machine, 'binaries'), programs, join(programs, 'postgres')]) {
      expect(await stat(path)).toMatchObject({ uid: 0 });
      expect(await modeOf(path)).toBe(0o755);
    }

    // A copy that a crash cut short is replaced, and the database is found again.
    await truncate(join(programs, '../lib/libpq.so.5.18'), 1000);
    const again = new Holder(checkout, { dataDir, machineDir: machine });
    const second = await again.hear('started');
    expect(second).toMatchObject({ folder, isNew: false });
    expect(await readNotes(second.url)).toEqual(['kept']);
    await again.stop();

    // A copied checkout must not silently begin with an empty database.
    await cp(dataDir, join(secluded, 'copied'), { recursive: true });
    const copied = new Holder(checkout, { dataDir: join(secluded, 'copied'), machineDir: machine });
    expect((await copied.hear('refused')).message).toContain('postgres.location');
  });
});

it('binaries are staged completely by whoever comes first, and everybody else uses them', async () => {
  const target = join(playground, 'staged', 'binaries');
  const staged = await Promise.all([1, 2, 3].map(() => stageBinaries(nativeFolder(workspace), target)));

  expect(staged).toEqual([target, target, target]);
  expect(await readdir(join(playground, 'staged'))).toEqual(['binaries']);
  const made = (await stat(target)).ctimeMs;
  await stageBinaries(nativeFolder(workspace), target);
  expect((await stat(target)).ctimeMs).toBe(made);
});

describe('after a kill', () => {
  it('of the process while initdb runs, the next start makes the database from the beginning', async () => {
    const dataDir = await aDataDir(NOBODY);
    const victim = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    await eventually(async () => expect((await readdir(dataDir)).join()).toContain('postgres.new-'));
    await new Promise((resolve) => setTimeout(resolve, 150));
    await victim.kill();
    expect(await readdir(dataDir)).not.toContain('postgres');

    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    expect((await holder.hear('started')).isNew).toBe(true);
    await holder.stop();

    const last = new Holder(workspace, { dataDir, machineDir, ...plainUser }); // initdb of the victim is over by now
    await last.hear('started');
    await last.stop();
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log']);
  });

  it('of the process, the next start takes the running database over, and stops it in the end', async () => {
    const dataDir = await theUsedDataDir();
    const victim = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const before = await victim.hear('started');
    await makeNote(before.url);
    const pid = await postmasterPid(before.folder);
    await victim.kill();

    const heir = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const after = await heir.hear('started');

    expect(after).toMatchObject({ url: before.url, isAdopted: true, isNew: false });
    expect(await postmasterPid(after.folder)).toBe(pid);
    expect(await readNotes(after.url)).toEqual(['kept']);
    await heir.stop();
    expect(postmastersOf(dataDir)).toEqual([]);
  });

  it('of the process and the database, the next start recovers what was committed', async () => {
    const dataDir = await theUsedDataDir();
    const victim = new Holder(workspace, { dataDir, machineDir, ...plainUser, durable: true });
    const before = await victim.hear('started');
    await makeNote(before.url);
    await victim.kill();
    process.kill(await postmasterPid(before.folder), 'SIGKILL');

    const heir = new Holder(workspace, { dataDir, machineDir, ...plainUser, durable: true });
    const after = await heir.hear('started');

    expect(after).toMatchObject({ isAdopted: false, isNew: false });
    expect(await readNotes(after.url)).toEqual(['kept']);
    await heir.stop();
  });

  it('leaves alone a process that has the process id of the dead database by now', async () => {
    const dataDir = await theUsedDataDir();
    const victim = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { folder } = await victim.hear('started');
    await victim.kill();
    const pid = await postmasterPid(folder);
    process.kill(pid, 'SIGKILL');
    // Of the same user: PostgreSQL itself would take it for a server and refuse to start.
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore', ...plainUser });
    const pidFile = join(folder, 'postmaster.pid');
    await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(String(pid), String(bystander.pid)));

    const heir = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    expect((await heir.hear('started')).isAdopted).toBe(false);
    await heir.stop();

    expect(bystander.exitCode).toBeNull();
    expect(bystander.signalCode).toBeNull();
    const exited = once(bystander, 'exit');
    bystander.kill();
    await exited;
  });
});

describe('a second process', () => {
  it('is refused with folder and holder, and the first is not disturbed', async () => {
    const dataDir = await theUsedDataDir();
    const first = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url, folder } = await first.hear('started');
    const session = new Client(url);
    await session.connect();

    const second = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const refusal = await second.hear('refused');

    expect(refusal.isForPeople).toBe(true);
    expect(refusal.message).toContain(folder);
    expect(refusal.message).toContain(`process ${first.pid}`);
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await session.end();
    await first.stop();
  });

  it('at the very same moment on a fresh folder: one gets the database, the other is refused', async () => {
    const dataDir = await aDataDir(NOBODY);
    const pair = [1, 2].map(() => new Holder(workspace, { dataDir, machineDir, ...plainUser }));
    const outcomes = await Promise.all(
      pair.map((holder) => Promise.any([holder.hear('started'), holder.hear('refused')])),
    );

    expect(outcomes.map(({ event }) => event).sort()).toEqual(['refused', 'started']);
    const winner = pair[outcomes.findIndex(({ event }) => event === 'started')]!;
    const started = await winner.hear('started');
    const refused = outcomes.find(({ event }) => event === 'refused');
    expect(refused?.message).toContain(`in use by process ${winner.pid}`);
    expect(started.isNew).toBe(true);
    await makeNote(started.url);
    await winner.stop();
    expect(postmastersOf(dataDir)).toEqual([]);
  });

  it('that is a tool uses the running database and leaves it running', async () => {
    const dataDir = await theUsedDataDir();
    const server = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url } = await server.hear('started');
    const tool = new Holder(workspace, { mode: 'use', dataDir, machineDir, ...plainUser });
    expect((await tool.hear('started')).url).toBe(url);
    await tool.stop();
    await makeNote(url);
    await server.stop();
  });
});

it('a tool without a server starts the database and stops it', async () => {
  const dataDir = await theUsedDataDir();
  const tool = new Holder(workspace, { mode: 'use', dataDir, machineDir, ...plainUser });
  await makeNote((await tool.hear('started')).url);
  await tool.stop();
  expect(postmastersOf(dataDir)).toEqual([]);
});

describe('while it runs', () => {
  it('a database that was killed is brought back at the same address', async () => {
    const dataDir = await theUsedDataDir();
    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser, durable: true });
    const { url, folder } = await holder.hear('started');
    await makeNote(url);

    process.kill(await postmasterPid(folder), 'SIGKILL');
    await holder.hear('notice', 'is back');

    expect(await readNotes(url)).toEqual(['kept']);
    await holder.stop();
    expect(postmastersOf(dataDir)).toEqual([]);
  });

  it('the owner takes its lock again when the session that holds it is ended', async () => {
    const dataDir = await theUsedDataDir();
    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url, folder } = await holder.hear('started');
    const { superuser } = JSON.parse(await readFile(join(folder, 'tollgate.passwords.json'), 'utf8')) as {
      superuser: string;
    };
    const superuserUrl = url.replace(/tollgate:[^@]+@/, `postgres:${superuser}@`);
    const owners = `from pg_stat_activity where application_name like 'tollgate owner %'`;
    expect(await query(superuserUrl, `select application_name as name ${owners}`)).toEqual([
      { name: `tollgate owner ${holder.pid}` },
    ]);

    await query(superuserUrl, `select pg_terminate_backend(pid) ${owners}`);
    await holder.hear('notice', 'is back');

    const second = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    expect((await second.hear('refused')).message).toContain(`process ${holder.pid}`);
    await holder.stop();
  });

  it('the database is out of reach of Ctrl-C, and ends sessions when it is stopped', async () => {
    const dataDir = await theUsedDataDir();
    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { url, folder } = await holder.hear('started');
    const pid = await postmasterPid(folder);
    expect(groupOf(pid)).toBe(pid);

    const session = new Client(url);
    await session.connect();
    session.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => session.once('end', () => resolve()));
    await session.query('begin');
    await holder.stop();
    await ended;
    expect(await readdir(folder)).not.toContain('postmaster.pid'); // an orderly shutdown removes it
  });
});

describe('a clear refusal', () => {
  it('of a folder that another PostgreSQL made', async () => {
    const dataDir = await aDataDir(NOBODY);
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    if (isRoot) await chown(join(dataDir, 'postgres'), NOBODY, NOBODY);
    expect(await refusal(dataDir)).toContain('made by PostgreSQL 17, and this is PostgreSQL 18');
  });

  it('of a folder in the way', async () => {
    const dataDir = await aDataDir(NOBODY);
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'holiday.jpg'), '');
    expect(await refusal(dataDir)).toContain(`${join(dataDir, 'postgres')} is in the way`);
  });

  it('of a data folder that cannot be written to', async () => {
    const dataDir = await aDataDir(NOBODY);
    await chmod(dataDir, 0o555);
    expect(await refusal(dataDir)).toContain('permission denied');
  });

  it('of a platform without binaries', async () => {
    const dataDir = await aDataDir(NOBODY);
    const native = nativeFolder(workspace);
    const aside = join(playground, 'aside');
    await rename(join(native, '..'), aside);
    try {
      expect(await refusal(dataDir)).toContain('There is no embedded PostgreSQL for');
    } finally {
      await rename(aside, join(native, '..'));
    }
  });

  it('of a database that does not come up, with the end of its log', async () => {
    const dataDir = await theUsedDataDir(); // the last test to do so
    const holder = new Holder(workspace, { dataDir, machineDir, ...plainUser });
    const { folder } = await holder.hear('started');
    await holder.stop();
    await truncate(join(folder, 'global', 'pg_control'), 0);
    expect(await refusal(dataDir)).toMatch(/does not come up\. Its log ends with:\n[^]*pg_control/);
  });
});

/** An empty folder of a normal user. */
async function aDataDir(uid: number): Promise<string> {
  const folder = join(playground, `data-${(dataDirs += 1)}`);
  await mkdir(folder);
  if (isRoot) await chown(folder, uid, uid);
  return folder;
}

/** A folder with a database in it, for the tests that need no fresh one: making one takes a second or two. */
async function theUsedDataDir(): Promise<string> {
  if (usedDataDir === undefined) {
    usedDataDir = await aDataDir(NOBODY);
    const holder = new Holder(workspace, { dataDir: usedDataDir, machineDir, ...plainUser });
    await holder.hear('started');
    await holder.stop();
  }
  return usedDataDir;
}

async function refusal(dataDir: string): Promise<string> {
  const { message, isForPeople } = await new Holder(workspace, { dataDir, machineDir, ...plainUser }).hear('refused');
  expect(isForPeople).toBe(true);
  return message;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const session = new Client(url);
  session.on('error', () => undefined);
  try {
    await session.connect();
    return (await session.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await session.end().catch(() => undefined);
  }
}

async function makeNote(url: string): Promise<void> {
  await query(url, `drop table if exists notes; create table notes (text text); insert into notes values ('kept')`);
}

async function readNotes(url: string): Promise<unknown[]> {
  return (await query(url, 'select text from notes')).map((row) => (row as { text: unknown }).text);
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function postmasterPid(folder: string): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'postmaster.pid'), 'utf8'), 10);
}

/** The servers of all clusters below a folder. */
function postmastersOf(folder: string): number[] {
  return ps('pid=,args=')
    .filter((line) => line.includes('-D') && line.includes(`${folder}/`))
    .map((line) => Number.parseInt(line, 10));
}

function userOf(pid: number): number {
  return Number(ps('uid=', pid)[0]);
}

function groupOf(pid: number): number {
  return Number(ps('pgid=', pid)[0]);
}

function ps(columns: string, pid?: number): string[] {
  const which = pid === undefined ? ['-e'] : ['-p', String(pid)];
  return execFileSync('ps', ['-ww', '-o', columns, ...which], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const end = performance.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
