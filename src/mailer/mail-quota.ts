import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/transactions.js';

const MAILS_MAX = 20;
const WINDOW_SECONDS = 3_600;

/**
 * Counts the mails that others can have sent to an address, so that nobody's mailbox can be filled. Of each kind an address
 * is sent so many per hour; it is the address that counts, because a user can be deleted and made again. What one
 * directory sends counts in no other. The counts live in the database, by its clock; keys are digests.
 */
@Injectable()
export class MailQuota {
  constructor(private readonly configuration: Configuration) {}

  /**
   * Counts one more, if the transaction commits; or says how long to wait.
   *
   * @param kind mails of one kind count together
   * @param email in canonical form
   */
  async take(
    tx: Transaction,
    directoryId: number,
    kind: string,
    email: string,
  ): Promise<{ isTaken: true } | { isTaken: false; retryAfterSeconds: number }> {
    if (!this.configuration.isRateLimited) {
      return { isTaken: true };
    }
    const key = createHash('sha256').update(`${kind}:${email}`).digest('base64url');
    const taken = await tx.query<unknown[]>(
      `INSERT INTO mail_quotas AS kept (directory_id, key, count, expires_at)
       VALUES ($1, $2, 1, now() + make_interval(secs => $3))
       ON CONFLICT ON CONSTRAINT mail_quotas_pkey DO UPDATE SET
         count = CASE WHEN kept.expires_at <= now() THEN 1 ELSE kept.count + 1 END,
         expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END
       WHERE kept.expires_at <= now() OR kept.count < $4
       RETURNING 1`,
      [directoryId, key, WINDOW_SECONDS, MAILS_MAX],
    );
    if (taken.length === 0) {
      return { isTaken: false, retryAfterSeconds: await this.secondsLeft(tx, directoryId, key) };
    }
    await this.forgetExpired(tx);
    return { isTaken: true };
  }

  private async secondsLeft(tx: Transaction, directoryId: number, key: string): Promise<number> {
    const [row] = await tx.query<{ seconds: number }[]>(
      `SELECT greatest(1, ceil(extract(epoch FROM expires_at - clock_timestamp())))::int AS seconds
       FROM mail_quotas WHERE directory_id = $1 AND key = $2`,
      [directoryId, key],
    );
    return row?.seconds ?? 1;
  }

  /** A few at a time. Rows that are in use are passed by, so that nobody waits in a circle. */
  private async forgetExpired(tx: Transaction): Promise<void> {
    await tx.query(
      `DELETE FROM mail_quotas USING (
         SELECT directory_id, key FROM mail_quotas WHERE expires_at < now() - interval '1 hour'
         LIMIT 10 FOR UPDATE SKIP LOCKED
       ) AS old
       WHERE mail_quotas.directory_id = old.directory_id AND mail_quotas.key = old.key`,
    );
  }
}
