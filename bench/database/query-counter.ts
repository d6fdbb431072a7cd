import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** Sessions read changed settings before their next statement, once the signal has reached them. */
const RELOAD_MS = 200;

/** Counts statements, BEGIN and COMMIT among them, as the database sees them arrive. */
export class QueryCounter {
  constructor(
    private readonly superuser: pg.Client,
    private readonly database: string,
  ) {}

  /** How many statements arrive in this database while `work` is done. */
  async during(work: () => Promise<unknown>): Promise<number> {
    await this.track('top');
    await this.superuser.query(`SELECT pg_stat_statements_reset()`);
    try {
      await work();
      const { rows } = await this.superuser.query<{ calls: number }>(
        `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)`,
        [this.database],
      );
      return rows[0]!.calls;
    } finally {
      await this.track('none');
    }
  }

  private async track(which: 'top' | 'none'): Promise<void> {
    await this.superuser.query(`ALTER SYSTEM SET pg_stat_statements.track = '${which}'`);
    await this.superuser.query(`SELECT pg_reload_conf()`);
    await sleep(RELOAD_MS);
  }
}
