import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bringUp, type Cluster, type OwnedServer } from './bring-up.js';
import { DataFolderInUse } from './embedded-postgres.error.js';
import { claimServer } from './ownership.js';
import { findPostmaster, shutDown } from './postmaster.js';

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;
/** How long a stop waits for a server that is recovering to say whose it is. */
const UNOWNED_PATIENCE_MS = 10_000;
/** A server that lived this long was not failing; the next failure starts at the first backoff again. */
const STABLE_AFTER_MS = 60_000;

/**
 * Keeps a server that we own running: when our session to it ends, takes the lock again, and starts the server again on
 * the same port if it is gone. Gives up only if another process has taken the server meanwhile.
 */
export class SupervisedPostgres {
  readonly port: number;
  private server: OwnedServer;
  private serverSince = performance.now();
  private backoffMs = BACKOFF_FIRST_MS;
  private recovery: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  /** False while our session is gone; then the server may be another process's by now. */
  private isOwned = true;
  private readonly stopping = new AbortController();

  constructor(
    private readonly cluster: Cluster,
    server: OwnedServer,
    private readonly onNotice: (line: string) => void,
  ) {
    this.server = server;
    this.port = server.port;
    this.watch();
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private watch(): void {
    this.server.session.once('end', () => {
      this.isOwned = false;
      if (!this.stopping.signal.aborted) this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    this.onNotice('The embedded database went away; bringing it back.');
    if (performance.now() - this.serverSince > STABLE_AFTER_MS) this.backoffMs = BACKOFF_FIRST_MS;
    try {
      for (;;) {
        await sleep(this.backoffMs, undefined, { signal: this.stopping.signal });
        this.backoffMs = Math.min(this.backoffMs * 2, BACKOFF_MAX_MS);
        if (await this.hasComeBack()) return;
      }
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    }
  }

  /** True also when there is nothing more to try. */
  private async hasComeBack(): Promise<boolean> {
    try {
      this.server = await bringUp(this.cluster, this.port, this.stopping.signal);
    } catch (error) {
      this.stopping.signal.throwIfAborted();
      // Our own session may be dying still on the server's side; that is no other owner.
      if (error instanceof DataFolderInUse && error.holderPid !== process.pid) {
        this.onNotice(`The embedded database was taken over: ${error.message}`);
        return true;
      }
      this.onNotice(`The embedded database is still away: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
    this.serverSince = performance.now();
    this.isOwned = true;
    this.watch();
    this.onNotice('The embedded database is back.');
    return true;
  }

  private async shutDown(): Promise<void> {
    this.stopping.abort();
    await this.recovery;
    if (!this.isOwned && !(await this.isLeftToUs())) return;
    // The session stays open until the server ends it: up to then nobody else can become the owner.
    const { location, binaries } = this.cluster;
    const running = await findPostmaster(location.folder);
    if (running) await shutDown(running.pid, location.folder, binaries.pgCtl);
    await this.server.session.end().catch(() => undefined);
  }

  /** After our session ended: whether a server that runs now has no other owner, so that stopping it is our task. */
  private async isLeftToUs(): Promise<boolean> {
    const { location, passwords } = this.cluster;
    const end = performance.now() + UNOWNED_PATIENCE_MS;
    while (performance.now() < end) {
      const running = await findPostmaster(location.folder);
      if (!running) return false;
      const claim = await claimServer(running.port, passwords.superuser);
      if (claim.outcome === 'taken') return claim.holderPid === process.pid;
      if (claim.outcome === 'owned') {
        this.server = { ...running, session: claim.session, isAdopted: true };
        return true;
      }
      await sleep(100);
    }
    return true; // it neither answers nor belongs to anybody
  }
}
