import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationUrl, canUseApplicationDatabase, ensureApplicationDatabase } from './application-database.js';
import { findBinaries } from './binaries.js';
import { bringUp, type Cluster } from './bring-up.js';
import { makeCluster, openCluster, readPasswords } from './cluster.js';
import { locateCluster } from './cluster-location.js';
import { DataFolderInUse, rewordingSystemErrors } from './embedded-postgres.error.js';
import { findPostmaster } from './postmaster.js';
import { SupervisedPostgres } from './supervised-postgres.js';
import { removeAbandonedSiblings } from './temporary-sibling.js';

export { EmbeddedPostgresError } from './embedded-postgres.error.js';

export interface EmbeddedPostgresOptions {
  /** The program's data folder; made if it is missing. The cluster is `postgres/` in it wherever that is possible. */
  readonly dataDir: string;
  /** False: fast and unsafe, for tests; a power failure may ruin the database. */
  readonly durable?: boolean;
  /** Told in one line what an operator may want to know: where the database is, that it went away or came back. */
  readonly onNotice?: (line: string) => void;
  /** Root only: where the database and its programs go when the server's account cannot reach the data folder. */
  readonly machineDir?: string;
}

export interface EmbeddedPostgres {
  /** `postgres://` URL with user, random password, loopback port and the database `tollgate`. Valid until `stop`. */
  readonly url: string;
  /** Folder of the cluster's files (absolute). */
  readonly folder: string;
  /** True when a database left running by a killed process was taken over. */
  readonly isAdopted: boolean;
  /** True on the very first start: the database `tollgate` was just made, and is empty. */
  readonly isNew: boolean;
  /** Fast shutdown; resolves when the server is gone. Idempotent. */
  stop(): Promise<void>;
}

const MACHINE_DIR = '/var/lib/tollgate';
/** How long a tool waits for a server that another process is only just starting. */
const OTHERS_START_MAX_MS = 20_000;

/**
 * Starts the embedded PostgreSQL of a data folder, or takes over the one that a killed process left running, and keeps
 * it running until `stop`. One process at a time owns a data folder.
 * @throws EmbeddedPostgresError in words for the operator: folder in use, disk full, no binaries for this platform …
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return rewordingSystemErrors(async () => {
    const onNotice = options.onNotice ?? (() => undefined);
    const cluster = await prepareCluster(options);
    const server = await bringUp(cluster);
    const supervised = new SupervisedPostgres(cluster, server, onNotice);
    try {
      return {
        url: applicationUrl(server.port, cluster.passwords),
        folder: cluster.location.folder,
        isAdopted: server.isAdopted,
        isNew: await ensureApplicationDatabase(server.session, cluster.passwords),
        stop: () => supervised.stop(),
      };
    } catch (error) {
      await supervised.stop();
      throw error;
    }
  });
}

/**
 * For command-line tools: uses the database that a server is running, and then `stop` leaves it running; or starts it
 * as `startEmbeddedPostgres` does, and then `stop` stops it.
 * @throws EmbeddedPostgresError as `startEmbeddedPostgres`.
 */
export function useEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return rewordingSystemErrors(async () => {
    const end = performance.now() + OTHERS_START_MAX_MS;
    for (;;) {
      const running = await findRunning(options);
      if (running) return running;
      try {
        return await startEmbeddedPostgres(options);
      } catch (error) {
        // Its owner has it, and the application's database in it is not ready: the owner is only just starting.
        if (!(error instanceof DataFolderInUse) || performance.now() > end) throw error;
      }
      await sleep(200);
    }
  });
}

async function prepareCluster(options: EmbeddedPostgresOptions): Promise<Cluster> {
  const location = await locate(options);
  const binaries = await findBinaries(location.account, location.stagingFolder);
  const isDurable = options.durable ?? true;
  await removeAbandonedSiblings(location.folder);
  if (!location.exists) await makeCluster(location, binaries, isDurable);
  return { location, binaries, isDurable, passwords: await openCluster(location.folder, binaries) };
}

async function findRunning(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres | undefined> {
  const { folder, exists } = await locate({ ...options, onNotice: undefined });
  const running = exists ? await findPostmaster(folder) : undefined;
  if (!running || Number.isNaN(running.port)) return undefined;
  const passwords = await readPasswords(folder);
  if (!(await canUseApplicationDatabase(running.port, passwords))) return undefined;
  const url = applicationUrl(running.port, passwords);
  return { url, folder, isAdopted: false, isNew: false, stop: () => Promise.resolve() };
}

function locate({ dataDir, machineDir, onNotice }: EmbeddedPostgresOptions) {
  return locateCluster(dataDir, machineDir ?? MACHINE_DIR, onNotice ?? (() => undefined));
}
