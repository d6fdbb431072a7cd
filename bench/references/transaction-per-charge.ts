import { OutOfCredits } from '../../src/credits/credits.errors.js';
import { CreditsService } from '../../src/credits/credits.service.js';
import type { EntryView } from '../../src/credits/entry.view.js';
import { accountFor, amountOf } from '../../src/credits/order.js';
import { startAltered } from './altered-server.js';
import { referencePool } from './reference-pool.js';

/**
 * The same server, but each charge is a transaction of its own through pg's pool, as one would write it first: lock the
 * balance, look whether it is enough, change it, write the entry, commit.
 */
await startAltered((app, { databaseUrl }) => {
  const pool = referencePool(databaseUrl);

  app.get(CreditsService).charge = async (order, purpose): Promise<EntryView> => {
    const accountId = accountFor(order);
    const amount = amountOf(purpose);
    const operation = purpose.operation ?? 'charge';
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const { rows: balances } = await client.query<{ spendable: number; sequence: number }>(
        `SELECT allowance + top_up - used - frozen AS spendable, sequence
         FROM balances WHERE account_id = $1 FOR UPDATE`,
        [accountId],
      );
      const { spendable, sequence } = balances[0]!;
      if (spendable < amount) {
        throw new OutOfCredits(amount, spendable);
      }
      await client.query(
        `UPDATE balances SET used = used + $2, sequence = sequence + 1, updated_at = clock_timestamp()
         WHERE account_id = $1`,
        [accountId, amount],
      );
      const entry = { accountId, sequence: sequence + 1, operation, amount: -amount, balanceAfter: spendable - amount };
      const { rows: entries } = await client.query<{ created_at: Date }>(
        // Not now(), which is the time before the lock: an account's entries would go back in time.
        `INSERT INTO entries
           (account_id, sequence, created_at, kind, operation, amount, used_change, allowance_change, balance_after,
            request_id)
         VALUES ($1, $2, clock_timestamp(), 'charge', $3, $4, $5, 0, $6, $7)
         RETURNING created_at`,
        [accountId, entry.sequence, operation, -amount, amount, entry.balanceAfter, order.requestId],
      );
      await client.query('COMMIT');
      return {
        ...entry,
        kind: 'charge',
        usedChange: amount,
        frozenChange: 0,
        reference: null,
        requestId: order.requestId ?? null,
        createdAt: entries[0]!.created_at,
      };
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
});
