import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { identifyPostmaster } from './process-identity.js';
import { runProgram } from './run-program.js';
import { temporarySibling } from './temporary-sibling.js';

/** A running server (its first process, the "postmaster"), no matter who started it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

const FAST_SHUTDOWN_MS = 30_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;

/**
 * The server that `postmaster.pid` tells of, if it runs or may run. A file whose process id now belongs to somebody
 * else is put out of the way, for PostgreSQL itself would take that process for a server.
 */
export async function findPostmaster(folder: string): Promise<Postmaster | undefined> {
  const path = join(folder, 'postmaster.pid');
  const content = (await readIfThere(path)) ?? '';
  const lines = content.split('\n');
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10)); // negative: a server in single-user mode
  const port = Number.parseInt(lines[3] ?? '', 10);
  if (!Number.isInteger(pid) || pid === 0) return undefined;

  switch (await identifyPostmaster(pid, folder)) {
    case 'gone':
      return undefined; // PostgreSQL replaces the file by itself
    case 'unrelated':
      await retire(path, content);
      return undefined;
    case 'ours':
    case 'unclear':
      return { pid, port }; // the port is not a number while the file is being written
  }
}

/** PostgreSQL refuses to start over an empty file, which a machine that lost power may have left. */
export async function retireEmptyPidFile(folder: string): Promise<void> {
  const path = join(folder, 'postmaster.pid');
  if ((await readIfThere(path)) === '') await retire(path, '');
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Moved away, compared, and only then removed: a server that starts at this moment writes its own file there. */
async function retire(path: string, content: string): Promise<void> {
  const aside = temporarySibling(path);
  try {
    await rename(path, aside);
  } catch {
    return; // gone already
  }
  if ((await readIfThere(aside)) === content) await rm(aside, { force: true });
  else await rename(aside, path);
}

/**
 * Fast shutdown: sessions are ended, everything is written; the harder way after 30 seconds. Resolves when the server is
 * gone; at once when it is gone already. The process id is checked before each signal, child of ours or not.
 */
export async function shutDown(pid: number, folder: string, pgCtl: string): Promise<void> {
  for (const [name, patienceMs] of [
    ['INT', FAST_SHUTDOWN_MS],
    ['QUIT', IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    if (!(await isRunning(pid, folder))) return;
    await signal(pid, name, pgCtl);
    const end = performance.now() + patienceMs;
    while (performance.now() < end) {
      if (!(await isRunning(pid, folder))) return;
      await sleep(20);
    }
  }
  throw new EmbeddedPostgresError(`The database server (process ${pid}, ${folder}) does not stop.`);
}

async function isRunning(pid: number, folder: string): Promise<boolean> {
  const identity = await identifyPostmaster(pid, folder);
  return identity === 'ours' || identity === 'unclear';
}

async function signal(pid: number, name: 'INT' | 'QUIT', pgCtl: string): Promise<void> {
  if (process.platform === 'win32') {
    // Windows has no signals; PostgreSQL brings its own, and the program to send them.
    await runProgram(pgCtl, ['kill', name, String(pid)], { account: undefined, workingFolder: process.cwd() });
    return;
  }
  try {
    process.kill(pid, `SIG${name}`);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
