import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { ClusterPasswords } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { LOOPBACK } from './launch.js';

const ROLE = 'tollgate';
const DATABASE = 'tollgate';

export function applicationUrl(port: number, passwords: ClusterPasswords): string {
  return `postgres://${ROLE}:${passwords.application}@${LOOPBACK}:${port}/${DATABASE}`;
}

/**
 * Makes the application's role and database, whichever is missing (a first start may have been killed between the two).
 * The role may make databases, which the tests do, but is no superuser: an injected query cannot read files or run
 * programs, and the connections reserved for the owner stay reserved.
 * @returns whether the database is new.
 * @throws EmbeddedPostgresError with the server's reason when it refuses, as for a full disk.
 */
export async function ensureApplicationDatabase(session: Client, passwords: ClusterPasswords): Promise<boolean> {
  try {
    return await makeWhatIsMissing(session, passwords);
  } catch (error) {
    throw new EmbeddedPostgresError(`The database ${DATABASE} cannot be made: ${String(error)}.`, { cause: error });
  }
}

async function makeWhatIsMissing(session: Client, passwords: ClusterPasswords): Promise<boolean> {
  const role = escapeIdentifier(ROLE);
  if ((await session.query('select from pg_roles where rolname = $1', [ROLE])).rowCount === 0) {
    await session.query(`create role ${role} login createdb password ${escapeLiteral(passwords.application)}`);
  }
  if ((await session.query('select from pg_database where datname = $1', [DATABASE])).rowCount !== 0) return false;
  await session.query(`create database ${escapeIdentifier(DATABASE)} owner ${role}`);
  return true;
}

/** Whether the application's database can be used right now, at this port and with these passwords. */
export async function canUseApplicationDatabase(port: number, passwords: ClusterPasswords): Promise<boolean> {
  const session = new Client({
    host: LOOPBACK,
    port,
    user: ROLE,
    password: passwords.application,
    database: DATABASE,
    ssl: false,
    connectionTimeoutMillis: 5_000,
  });
  session.on('error', () => undefined);
  try {
    await session.connect();
    return true;
  } catch {
    return false;
  } finally {
    await session.end().catch(() => undefined);
  }
}
