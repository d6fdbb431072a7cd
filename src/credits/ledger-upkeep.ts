import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { HOUR_MS, SECOND_MS, Upkeep } from '../upkeep/upkeep.js';
import { Ledger } from './ledger.js';

const MONTHS_AHEAD = 12;
const EXPIRIES_AT_ONCE = 2_000;
const KEYS_AT_ONCE = 5_000;

/**
 * What the ledger needs from time to time, and nobody asks for: partitions for the months to come, holds that expire on
 * accounts where nothing else happens, and idempotency keys that are past their day.
 */
@Injectable()
export class LedgerUpkeep extends Upkeep implements OnApplicationBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: Ledger,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.repeatEvery(HOUR_MS, () => this.makePartitions());
    this.repeatEvery(HOUR_MS, () => this.forgetKeys());
    this.repeatEvery(10 * SECOND_MS, () => this.releaseExpired());
  }

  private async makePartitions(): Promise<void> {
    const blocked = await this.dataSource.query<{ month: string }[]>('SELECT ledger_make_partitions($1) AS month', [
      MONTHS_AHEAD,
    ]);
    if (blocked.length > 0) {
      const months = blocked.map(({ month }) => month);
      this.logger.warn({ msg: 'entries of these months are in the default partition, and stay there', months });
    }
  }

  private async forgetKeys(): Promise<void> {
    let forgotten: number;
    do {
      // Those that are being used again at this moment are skipped: nobody waits, so nobody waits in a circle.
      const [rows] = await this.dataSource.query<[unknown[], number]>(
        `DELETE FROM idempotency_keys USING (
           SELECT account_id, key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
           LIMIT $1 FOR UPDATE SKIP LOCKED
         ) AS old WHERE idempotency_keys.account_id = old.account_id AND idempotency_keys.key = old.key
         RETURNING 1`,
        [KEYS_AT_ONCE],
      );
      forgotten = rows.length;
    } while (forgotten === KEYS_AT_ONCE && !this.isStopping);
  }

  /** A few holds at a time, or one account: what travels with them in a statement waits for all of them. */
  private async releaseExpired(): Promise<void> {
    const accounts = await this.dataSource.query<{ account_id: number; holds: number }[]>(
      `SELECT account_id, count(*) AS holds FROM holds WHERE status = 'held' AND expires_at <= now()
       GROUP BY account_id ORDER BY min(expires_at)`,
    );
    let wave: Promise<void>[] = [];
    let inWave = 0;
    for (const { account_id: accountId, holds } of accounts) {
      if (inWave + holds > EXPIRIES_AT_ONCE) {
        await Promise.all(wave);
        wave = [];
        inWave = 0;
      }
      if (this.isStopping) {
        break;
      }
      wave.push(this.ledger.settle(accountId));
      inWave += holds;
    }
    await Promise.all(wave);
  }
}
