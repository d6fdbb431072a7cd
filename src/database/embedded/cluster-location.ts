import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { canTraverse, chooseServerAccount, isRoot, ownerOfCluster, type ServerAccount } from './server-account.js';
import { temporarySibling } from './temporary-sibling.js';

export interface ClusterLocation {
  /** The folder around the cluster, for the log and for a cluster under construction. */
  readonly home: string;
  /** PostgreSQL's own folder. */
  readonly folder: string;
  /** Who runs the server; undefined: we ourselves. */
  readonly account: ServerAccount | undefined;
  /** Where copies of the binaries go, if they are needed. */
  readonly stagingFolder: string;
  readonly exists: boolean;
}

/** In the data folder, and naming the home of a cluster that could not live there. */
const POINTER = 'postgres.location';

/**
 * Where the cluster of a data folder is, or will be: inside it, or, when we are root and the server's unprivileged
 * account cannot pass through the folders above, in a folder of its own below `machineDir` (no folder's mode is ever
 * loosened). Only a first start decides; afterwards the cluster is where it is, whatever became of the modes.
 * @throws EmbeddedPostgresError when a cluster exists that cannot be used from here.
 */
export async function locateCluster(
  dataDir: string,
  machineDir: string,
  onNotice: (line: string) => void,
): Promise<ClusterLocation> {
  const realDataDir = await makeDataDir(dataDir);
  const stagingFolder = isRoot() ? join(machineDir, 'binaries') : join(realDataDir, 'postgres-binaries');
  const at = async (path: string, account: ServerAccount | undefined, exists: boolean): Promise<ClusterLocation> => {
    const home = await realpath(path); // the server's process is recognised by it
    return { home, folder: join(home, 'postgres'), account, stagingFolder, exists };
  };

  const inside = join(realDataDir, 'postgres');
  if (await holdsCluster(inside)) {
    const account = await ownerOfCluster(inside);
    if (account && !(await canTraverse(account, realDataDir))) {
      throw new EmbeddedPostgresError(
        `The database in ${inside} belongs to the user ${account.name}, who cannot pass through the folders above it ` +
          'any more: allow that again (chmod o+x on them), or start as that user.',
      );
    }
    return at(realDataDir, account, true);
  }

  const outsideHome = join(machineDir, outsideName(realDataDir));
  await refuseForeignPointer(realDataDir, outsideHome);
  if (!isRoot()) return at(realDataDir, undefined, false);

  const outside = join(outsideHome, 'postgres');
  if (await holdsCluster(outside)) {
    onNotice(`The database of ${realDataDir} is in ${outside}.`);
    return at(outsideHome, await ownerOfCluster(outside), true);
  }

  const account = await chooseServerAccount(realDataDir);
  if (account === undefined || (await canTraverse(account, realDataDir))) return at(realDataDir, account, false);

  await makeOutsideHome(outsideHome, machineDir, account);
  await writeFile(join(realDataDir, POINTER), `${outsideHome}\n`);
  onNotice(
    `The user ${account.name}, who runs the database because PostgreSQL refuses to run as root, cannot reach ` +
      `${realDataDir}; the database is in ${outside} instead.`,
  );
  return at(outsideHome, account, false);
}

/** True for what PostgreSQL made, of whichever version. */
export async function holdsCluster(folder: string): Promise<boolean> {
  try {
    await access(join(folder, 'PG_VERSION'));
    return true;
  } catch (error) {
    // A folder that we may not look into is somebody's; its owner is checked next.
    return errorCode(error) === 'EACCES';
  }
}

async function makeDataDir(dataDir: string): Promise<string> {
  const folder = resolve(dataDir);
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (!exists) {
    await mkdir(dirname(folder), { recursive: true });
    // Renamed into place with its final mode: a process that starts at the same moment decides by that mode.
    const made = temporarySibling(folder);
    await mkdir(made);
    // Private. When root makes it, its server account may pass through without seeing what else is there.
    await chmod(made, isRoot() ? 0o711 : 0o700);
    await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
  }
  return realpath(folder);
}

/** Readable for whoever looks around in `machineDir`; the hash keeps apart the checkouts of equal name. */
function outsideName(dataDir: string): string {
  const label = basename(dirname(dataDir)).replace(/[^\w.-]/g, '_') || 'root';
  return `${label}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
}

/** A data folder that was moved or copied still points to the old place; a new, empty database would be a surprise. */
async function refuseForeignPointer(dataDir: string, expectedHome: string): Promise<void> {
  const pointer = join(dataDir, POINTER);
  const home = (await readFile(pointer, 'utf8').catch(() => '')).trim();
  if (home === '' || (home === expectedHome && isRoot())) return;
  const remedy = isRoot() ? `move it to ${expectedHome} while no server runs` : 'start as root';
  throw new EmbeddedPostgresError(
    `The database of ${dataDir} is in ${home} (so says ${pointer}): ${remedy}, ` +
      'or delete that file to begin with an empty database.',
  );
}

async function makeOutsideHome(home: string, machineDir: string, account: ServerAccount): Promise<void> {
  for (const [folder, mode] of [
    [machineDir, 0o755],
    [home, 0o711],
  ] as const) {
    const made = await mkdir(folder, { recursive: true });
    if (made !== undefined) await chmod(folder, mode); // whatever the umask is; never on a folder that was there
  }
  if (!(await canTraverse(account, await realpath(home)))) {
    throw new EmbeddedPostgresError(
      `The user ${account.name}, who would run the database, can reach neither the data folder nor ${home}: ` +
        'start as a normal user, or set DATABASE_URL.',
    );
  }
}
