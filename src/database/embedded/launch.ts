import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Postmaster } from './postmaster.js';
import { asAccount, programEnvironment } from './run-program.js';
import type { ServerAccount } from './server-account.js';
import { ServerLog } from './server-log.js';

export const LOOPBACK = '127.0.0.1';

/** A server just started, our child, while it is not known yet whether it comes up. */
export class Launched implements Postmaster {
  readonly pid: number;

  constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly log: ServerLog,
  ) {
    this.pid = child.pid ?? 0; // has one: it was spawned
    child.on('error', () => undefined); // a signal that could not be sent
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The last lines that it wrote. */
  logTail(): Promise<string> {
    return this.log.tail();
  }

  /** Ends a server that nobody uses yet, in whichever state of its start it is. */
  async abandon(): Promise<void> {
    if (this.hasExited) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGINT');
    const harder = setTimeout(() => this.child.kill('SIGQUIT'), 10_000);
    await exited;
    clearTimeout(harder);
  }

  /** Lets go of the log; the server goes on. */
  async release(): Promise<void> {
    await this.log.close();
  }
}

/** Starts a server, on which the caller then has to wait. It outlives us: nothing kills a database by accident. */
export async function launch(cluster: {
  folder: string;
  home: string;
  account: ServerAccount | undefined;
  binaries: Binaries;
  port: number;
  isDurable: boolean;
}): Promise<Launched> {
  const log = await ServerLog.open(join(cluster.home, 'postgres.log'), cluster.account);
  const argv = ['-D', cluster.folder, ...settings(cluster.port, cluster.isDurable)];
  let child: ChildProcess;
  try {
    child = spawn(cluster.binaries.postgres, argv, {
      ...asAccount(cluster.account),
      cwd: cluster.home, // ours may be one that the account cannot enter
      env: programEnvironment(),
      // A session of its own: Ctrl-C in the terminal is for us, who let requests finish before the database goes.
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor],
      windowsHide: true,
    });
    await once(child, 'spawn');
    child.unref(); // a server left to another owner must not keep us from ending
  } catch (error) {
    await log.close();
    throw new EmbeddedPostgresError(`The database server cannot be started: ${String(error)}.`, { cause: error });
  }
  return new Launched(child, cluster.port, log);
}

/** On the command line, not in postgresql.conf: a newer release's settings hold for older clusters as well. */
function settings(port: number, isDurable: boolean): string[] {
  const values: Record<string, string> = {
    port: String(port),
    listen_addresses: LOOPBACK,
    unix_socket_directories: '', // no socket: nothing to guard, and no limit on the length of paths
    max_connections: '600', // 64 workers of 8 each, and tools
    shared_buffers: `${sharedBuffersMiB()}MB`,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // The log stays small and free of what users typed: starts, stops and crashes, not statements that failed.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    logging_collector: 'off',
  };
  if (process.platform !== 'win32') {
    // Files in the cluster instead of /dev/shm, which is small or absent in containers, and which systemd empties
    // when the user whose server it is logs out. Only parallel queries use it.
    values.dynamic_shared_memory_type = 'mmap';
  }
  const durability = isDurable ? 'on' : 'off';
  Object.assign(values, { fsync: durability, synchronous_commit: durability, full_page_writes: durability });
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * An eighth of the memory, from what is PostgreSQL's default to where the people who are about among millions fit in. Pages
 * count only once they are used.
 */
function sharedBuffersMiB(): number {
  return Math.min(1024, Math.max(128, Math.floor(totalmem() / 8 / 2 ** 20)));
}

/** A port that is free now; somebody else can still take it before the server does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
