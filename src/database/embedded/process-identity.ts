import { execFile } from 'node:child_process';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './embedded-postgres.error.js';

/** What a process id found in `postmaster.pid` stands for today; ids are reused, after a reboot above all. */
export type ProcessIdentity = 'ours' | 'unrelated' | 'unclear' | 'gone';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM'; // it lives, and belongs to somebody else
  }
}

/** Whether `pid` is the PostgreSQL server of `folder`. A zombie counts as unrelated: nothing of it runs any more. */
export async function identifyPostmaster(pid: number, folder: string): Promise<ProcessIdentity> {
  if (!isAlive(pid)) return 'gone';
  if (process.platform === 'linux') return identifyThroughProc(pid, folder);
  if (process.platform === 'win32') return 'unclear'; // only a connection can tell
  return identifyThroughPs(pid, folder);
}

async function identifyThroughProc(pid: number, folder: string): Promise<ProcessIdentity> {
  let argv: string[];
  try {
    argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    return isAlive(pid) ? 'unclear' : 'gone'; // a /proc mounted with hidepid shows only our own processes
  }
  // A backend of some other cluster has a title such as "postgres: checkpointer" here, a zombie has nothing.
  if (basename(argv[0] ?? '') !== 'postgres') return 'unrelated';

  const workingFolder = await fileIdentity(`/proc/${pid}/cwd`);
  if (workingFolder !== undefined) return workingFolder === (await fileIdentity(folder)) ? 'ours' : 'unrelated';

  // Root in a container may not look into processes of other users (no CAP_SYS_PTRACE); the command line is open to all.
  const named = argv[argv.indexOf('-D') + 1] ?? '';
  if (!argv.includes('-D') || !isAbsolute(named)) return 'unclear';
  return (await realpath(named).catch(() => named)) === folder ? 'ours' : 'unrelated';
}

async function identifyThroughPs(pid: number, folder: string): Promise<ProcessIdentity> {
  const ps = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  if (ps === undefined) return isAlive(pid) ? 'unclear' : 'gone';
  if (!ps.stdout.includes('postgres')) return 'unrelated';
  return ps.stdout.includes(folder) ? 'ours' : 'unclear';
}

async function fileIdentity(path: string): Promise<string | undefined> {
  const { dev, ino } = await stat(path).catch(() => ({ dev: undefined, ino: undefined }));
  return dev === undefined ? undefined : `${dev}:${ino}`;
}
