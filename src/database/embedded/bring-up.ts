import type { Client } from 'pg';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import type { ClusterPasswords } from './cluster.js';
import type { ClusterLocation } from './cluster-location.js';
import { DataFolderInUse, EmbeddedPostgresError } from './embedded-postgres.error.js';
import { freePort, launch, type Launched } from './launch.js';
import { claimServer } from './ownership.js';
import { findPostmaster, retireEmptyPidFile, shutDown, type Postmaster } from './postmaster.js';

/** A cluster that is there, and all that is needed to run it. */
export interface Cluster {
  readonly location: ClusterLocation;
  readonly binaries: Binaries;
  readonly passwords: ClusterPasswords;
  readonly isDurable: boolean;
}

/** A running server that we own, until `session` ends. */
export interface OwnedServer {
  readonly pid: number;
  readonly port: number;
  readonly session: Client;
  readonly isAdopted: boolean;
}

/** How long a server may be silent. One that recovers from a crash answers, and may take as long as it needs. */
const SILENCE_MAX_MS = 60_000;
const POLL_MS = 25;
const RETRY_MS = 200;

/**
 * Gets hold of the cluster's server: takes over the one that runs, or starts one. Processes that do this at the same
 * time are kept apart twice: PostgreSQL lets one server run per cluster, and that server's lock has one owner.
 * @param port the port to start it on; any free one when left out.
 * @throws DataFolderInUse when another living process owns it.
 * @throws EmbeddedPostgresError when the server does not come up.
 */
export async function bringUp(cluster: Cluster, port?: number, signal?: AbortSignal): Promise<OwnedServer> {
  const { folder } = cluster.location;
  const patience = new Patience();
  let lastFailure = '';
  for (;;) {
    signal?.throwIfAborted();
    const running = await findPostmaster(folder);
    if (running) {
      const adopted = await adopt(cluster, running, port, patience);
      if (adopted) return adopted;
      if (patience.isExhausted) {
        const hint = lastFailure === '' ? '' : ` Its log ends with:\n${lastFailure}`;
        throw new EmbeddedPostgresError(
          `The database server of ${folder} (process ${running.pid}) does not answer.${hint}`,
        );
      }
      await sleep(POLL_MS);
      continue;
    }

    const launched = await launch({
      ...cluster.location,
      binaries: cluster.binaries,
      isDurable: cluster.isDurable,
      port: port ?? (await freePort()),
    });
    try {
      const owned = await waitFor(launched, cluster, patience, signal);
      if (owned) return owned;
      lastFailure = await launched.logTail();
    } finally {
      await launched.release();
    }
    if (!(await canBeRetried(lastFailure, folder, port)) || patience.isExhausted) {
      throw new EmbeddedPostgresError(
        `The database server of ${folder} does not come up. Its log ends with:\n${lastFailure}`,
      );
    }
    await sleep(RETRY_MS);
  }
}

/** Undefined when the server is not ready to be asked, or was of an older make and is shut down now. */
async function adopt(
  cluster: Cluster,
  running: Postmaster,
  wantedPort: number | undefined,
  patience: Patience,
): Promise<OwnedServer | undefined> {
  const { folder } = cluster.location;
  if (Number.isNaN(running.port)) return undefined; // it is only just writing the file
  const claim = await claimServer(running.port, cluster.passwords.superuser);
  switch (claim.outcome) {
    case 'taken':
      throw new DataFolderInUse(folder, claim.holderPid);
    case 'busy':
      patience.renew();
      return undefined;
    case 'unreachable':
      return undefined;
    case 'owned':
      if (running.port === (wantedPort ?? running.port) && (await runsAsWanted(claim.session, cluster))) {
        return { ...running, session: claim.session, isAdopted: true };
      }
      // After an upgrade, or a test run that went without fsync. Still holding the lock, so nobody comes in between.
      await shutDown(running.pid, folder, cluster.binaries.pgCtl);
      return undefined;
  }
}

async function runsAsWanted(session: Client, cluster: Cluster): Promise<boolean> {
  const { rows } = await session.query<{ version: string; fsync: string }>(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync`,
  );
  return rows[0]?.version === cluster.binaries.version && rows[0].fsync === (cluster.isDurable ? 'on' : 'off');
}

/** Undefined when the server is gone again; its log tells why. */
async function waitFor(
  launched: Launched,
  cluster: Cluster,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<OwnedServer | undefined> {
  const { folder } = cluster.location;
  let isLeftToOthers = false;
  try {
    while (!launched.hasExited) {
      signal?.throwIfAborted();
      const claim = await claimServer(launched.port, cluster.passwords.superuser);
      if (claim.outcome === 'owned') {
        isLeftToOthers = true;
        return { pid: launched.pid, port: launched.port, session: claim.session, isAdopted: false };
      }
      if (claim.outcome === 'taken') {
        isLeftToOthers = true; // a process that started at the same moment was quicker to lock it
        throw new DataFolderInUse(folder, claim.holderPid);
      }
      if (claim.outcome === 'busy') patience.renew();
      if (patience.isExhausted) {
        throw new EmbeddedPostgresError(
          `The database server of ${folder} does not come up. Its log ends with:\n${await launched.logTail()}`,
        );
      }
      await sleep(POLL_MS);
    }
    return undefined;
  } finally {
    if (!isLeftToOthers) await launched.abandon();
  }
}

/** The failures of a start that are over a moment later. */
async function canBeRetried(log: string, folder: string, port: number | undefined): Promise<boolean> {
  // A port that somebody else was quicker to take: another one will do, unless it has to be that one.
  if (log.includes('could not create any TCP/IP sockets')) return port === undefined;
  if (/lock file "postmaster.pid" already exists/.test(log)) return true; // another process started a server
  // Sessions of a server that was killed end by themselves, but not all at once.
  if (log.includes('pre-existing shared memory block')) return true;
  if (/lock file "postmaster.pid" is empty/.test(log)) {
    await sleep(500); // enough for a server that is just writing it
    await retireEmptyPidFile(folder);
    return true;
  }
  return false;
}

/** Runs out when a server gives no sign of life; not measured by the clock of the wall, which may be set. */
class Patience {
  private end = performance.now() + SILENCE_MAX_MS;

  get isExhausted(): boolean {
    return performance.now() > this.end;
  }

  renew(): void {
    this.end = performance.now() + SILENCE_MAX_MS;
  }
}
