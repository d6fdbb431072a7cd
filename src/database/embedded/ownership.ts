import { Client } from 'pg';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SUPERUSER } from './cluster.js';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { LOOPBACK } from './launch.js';
import { isAlive } from './process-identity.js';

/** The maintenance database, so that our session never stands in the way of a copy of the application's. */
const MAINTENANCE_DATABASE = 'postgres';
const APPLICATION_NAME = 'tollgate owner';
/** Any two numbers will do, as long as they never change: "toll", "gate". */
const OWNER_LOCK = [0x746f6c6c, 0x67617465] as const;
const DYING_HOLDER_PATIENCE_MS = 3_000;

/** What came of the attempt to own a server. */
export type Claim =
  /** We own it for as long as this session lives. */
  | { readonly outcome: 'owned'; readonly session: Client }
  | { readonly outcome: 'taken'; readonly holderPid: number | undefined }
  /** It says itself that it is starting, or shutting down. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'unreachable' };

/**
 * Logs in and tries for the lock that makes one process the owner of a server. The lock is a session's: it ends with the
 * process, kill -9 included, and cannot go stale as a file can.
 * @throws EmbeddedPostgresError when the server does not accept the cluster's password.
 */
export async function claimServer(port: number, password: string): Promise<Claim> {
  const session = new Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    database: MAINTENANCE_DATABASE,
    ssl: false, // said outright: PGSSLMODE in the environment is about other servers
    application_name: `${APPLICATION_NAME} ${process.pid}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  session.on('error', () => undefined); // the server went away; the session's 'end' event tells the supervisor
  try {
    await session.connect();
    const holderPid = await takeLock(session);
    if (holderPid === 'us') return { outcome: 'owned', session };
    await session.end();
    return { outcome: 'taken', holderPid };
  } catch (error) {
    void session.end().catch(() => undefined);
    const code = errorCode(error);
    if (code === '28P01' || code === '28000') {
      throw new EmbeddedPostgresError(
        `The server on port ${port} does not accept the password of the embedded database: ` +
          'it is another server, or the password was changed.',
        { cause: error },
      );
    }
    return { outcome: code === '57P03' ? 'busy' : 'unreachable' };
  }
}

async function takeLock(session: Client): Promise<'us' | number | undefined> {
  const patientUntil = performance.now() + DYING_HOLDER_PATIENCE_MS;
  for (;;) {
    const attempt = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [
      ...OWNER_LOCK,
    ]);
    if (attempt.rows[0]?.taken) return 'us';

    const holderPid = await findHolder(session);
    // A process that was just killed holds the lock until the server notices, which takes it a moment.
    const isLeaving = holderPid === undefined || !isAlive(holderPid);
    if (!isLeaving || performance.now() > patientUntil) return holderPid;
    await sleep(50);
  }
}

async function findHolder(session: Client): Promise<number | undefined> {
  const { rows } = await session.query<{ application_name: string }>(
    `select application_name from pg_stat_activity join pg_locks using (pid)
     where locktype = 'advisory' and classid = $1 and objid = $2 and granted`,
    [...OWNER_LOCK],
  );
  const pid = Number(rows[0]?.application_name.slice(APPLICATION_NAME.length));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
