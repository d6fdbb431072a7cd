import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** The unprivileged user that the server runs as when this process is root, which PostgreSQL refuses to be. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * No user is created: a machine's user list is not ours to change. `tollgate` is for an operator who wants the
 * database to have a user of its own; `nobody` exists everywhere, containers included.
 */
const PREFERRED_NAMES = ['tollgate', 'postgres', 'nobody'];

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account for a cluster: undefined for a normal user, who runs the server as himself. The owner of what is there
 * comes first (`ownedFolder`: the cluster, else the data folder), because the server accepts only files of its own.
 */
export async function chooseServerAccount(ownedFolder: string | undefined): Promise<ServerAccount | undefined> {
  if (!isRoot()) return undefined;
  const accounts = await knownAccounts();

  if (ownedFolder !== undefined) {
    const { uid } = await stat(ownedFolder);
    const owner = accounts.find((account) => account.uid === uid);
    if (uid !== 0 && owner) return owner;
  }
  for (const name of PREFERRED_NAMES) {
    const account = accounts.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (account) return account;
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and this machine has no user named tollgate, postgres or nobody to run it: ' +
      'create one (useradd --system tollgate), start as a normal user, or set DATABASE_URL.',
  );
}

/** The owner of an existing cluster, who alone can run it. */
export async function ownerOfCluster(folder: string): Promise<ServerAccount | undefined> {
  const { uid, gid } = await stat(folder);
  if (!isRoot()) {
    if (process.getuid === undefined || uid === process.getuid()) return undefined;
    throw new EmbeddedPostgresError(
      `The database in ${folder} belongs to another user (uid ${uid}): start as that user or as root, ` +
        'or set another DATA_DIR.',
    );
  }
  if (uid === 0) {
    throw new EmbeddedPostgresError(
      `The database in ${folder} belongs to root, and PostgreSQL does not run as root: give the folder and all in it ` +
        'to an unprivileged user (chown -R).',
    );
  }
  const name = (await knownAccounts()).find((account) => account.uid === uid)?.name ?? `uid ${uid}`;
  return { name, uid, gid };
}

/** Whether the account may pass through `folder` and every folder above it. `folder` is a real path. */
export async function canTraverse(account: ServerAccount, folder: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder);
  const search = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & search) === 0) return false;
  return dirname(folder) === folder || canTraverse(account, dirname(folder));
}

// From the file and not through `id`: initdb looks its user up as well, and images without `id` exist.
async function knownAccounts(): Promise<ServerAccount[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  return lines.flatMap((line) => {
    const [name = '', , uid, gid] = line.split(':');
    // macOS gives its `nobody` the id -2, which cannot be switched to.
    return uid && gid && Number(uid) >= 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
