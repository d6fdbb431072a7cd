import { randomBytes } from 'node:crypto';
import { lchown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries.js';
import { holdsCluster, type ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { lastLines, runProgram } from './run-program.js';
import { temporarySibling } from './temporary-sibling.js';

/** The passwords of the two roles: the application's is not a superuser, so that no query of it can leave the database. */
export interface ClusterPasswords {
  readonly superuser: string;
  readonly application: string;
}

export const SUPERUSER = 'postgres';
const PASSWORD_FILE = 'tollgate.passwords.json';

/**
 * Makes the cluster where there is none: in a temporary folder, passwords included, which is then renamed into place.
 * Killed halfway it leaves nothing that looks like a cluster; of two who make it at once, one is quicker and both go on.
 * @throws EmbeddedPostgresError when initdb fails, or something that is not a cluster is in the place.
 */
export async function makeCluster(location: ClusterLocation, binaries: Binaries, isDurable: boolean): Promise<void> {
  const { folder, home, account } = location;
  await refuseWhatIsInTheWay(folder);

  const workshop = temporarySibling(folder);
  try {
    await mkdir(workshop, { mode: 0o700 });
    const passwords: ClusterPasswords = { superuser: randomPassword(), application: randomPassword() };
    const superuserPasswordFile = join(workshop, 'password');
    await writeFile(superuserPasswordFile, passwords.superuser, { mode: 0o600 });
    if (account) {
      await lchown(superuserPasswordFile, account.uid, account.gid);
      await lchown(workshop, account.uid, account.gid); // last: afterwards the account could plant links in it
    }

    const cluster = join(workshop, 'cluster');
    const argv = initdbArguments(cluster, superuserPasswordFile, isDurable);
    const { exitCode, output } = await runProgram(binaries.initdb, argv, { account, workingFolder: home });
    if (exitCode !== 0) throw new EmbeddedPostgresError(initdbFailure(folder, output));

    const passwordFile = await open(join(cluster, PASSWORD_FILE), 'wx', 0o600);
    try {
      await passwordFile.writeFile(`${JSON.stringify(passwords, null, 2)}\n`);
      if (account) await passwordFile.chown(account.uid, account.gid);
      await passwordFile.sync();
    } finally {
      await passwordFile.close();
    }
    await putInPlace(cluster, folder);
  } finally {
    await rm(workshop, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * @throws EmbeddedPostgresError when the cluster is of another major version (their files differ), or lost its passwords.
 */
export async function openCluster(folder: string, binaries: Binaries): Promise<ClusterPasswords> {
  const made = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  const ours = binaries.version.split('.')[0];
  if (made !== ours) {
    throw new EmbeddedPostgresError(
      `The database in ${folder} was made by PostgreSQL ${made}, and this is PostgreSQL ${ours}: dump it with the old ` +
        'version and load it with the new one, or set another DATA_DIR.',
    );
  }
  return readPasswords(folder);
}

/** @throws EmbeddedPostgresError when the file is missing or unreadable; without it nobody can log in. */
export async function readPasswords(folder: string): Promise<ClusterPasswords> {
  const path = join(folder, PASSWORD_FILE);
  try {
    const content = JSON.parse(await readFile(path, 'utf8')) as Partial<ClusterPasswords>;
    if (content.superuser && content.application) {
      return { superuser: content.superuser, application: content.application };
    }
  } catch {
    // The parser's message would quote the file, which holds passwords.
  }
  throw new EmbeddedPostgresError(
    `The passwords of the database in ${folder} cannot be read from ${path}: restore that file from a backup.`,
  );
}

function randomPassword(): string {
  return randomBytes(24).toString('base64url'); // needs no escaping in a URL
}

function initdbArguments(cluster: string, superuserPasswordFile: string, isDurable: boolean): string[] {
  return [
    '-D',
    cluster,
    `--username=${SUPERUSER}`,
    `--pwfile=${superuserPasswordFile}`,
    '--auth=scram-sha-256', // for every line of pg_hba.conf, local sockets too
    '--encoding=UTF8',
    // PostgreSQL's own locale: sorts by code point, knows upper and lower case of all of Unicode, and is there in a
    // container without locales. It cannot change under the indexes either, as the system's can with an upgrade.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(isDurable ? [] : ['--no-sync']),
  ];
}

function initdbFailure(folder: string, output: string): string {
  if (/No space left on device|Disk quota exceeded/i.test(output)) {
    return `The database in ${folder} cannot be made: the disk is full.`;
  }
  if (/could not look up effective user ID/.test(output)) {
    return (
      `The database in ${folder} cannot be made: PostgreSQL wants its user to have a name, and there is none in ` +
      '/etc/passwd. Run as a user that is listed there, or set DATABASE_URL.'
    );
  }
  return `The database in ${folder} cannot be made. PostgreSQL says:\n${lastLines(output)}`;
}

/** Before the work, and with it: the rename finds out as well, for what appears in between. */
async function refuseWhatIsInTheWay(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  if (found.length > 0 && !(await holdsCluster(folder))) throw inTheWay(folder);
}

function inTheWay(folder: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The folder ${folder} is in the way: the database belongs there, and it is not a database. Move it elsewhere.`,
    { cause },
  );
}

async function putInPlace(cluster: string, folder: string): Promise<void> {
  try {
    await rename(cluster, folder); // an empty folder is replaced
  } catch (error) {
    if (await holdsCluster(folder)) return; // another process was quicker
    throw inTheWay(folder, error);
  }
  await syncFolder(dirname(folder));
}

/** Without it a power failure could undo the rename, and with it the database that has been in use since. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // cannot open folders
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
