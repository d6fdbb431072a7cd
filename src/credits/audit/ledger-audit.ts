import type { DataSource, EntityManager } from 'typeorm';
import { UnsuitableDatabase } from '../../database/migrator.js';
import { ledgerSlices, SLICE_ENTRIES, type LedgerSlice } from './ledger-slices.js';
import { SLICE_CHECK, type Difference, type SliceCheck } from './slice-check.js';

/** What an audit found. */
export interface LedgerAudit {
  accounts: number;
  entries: number;
  openHolds: number;
  /** How many accounts disagree with their ledger; `differences` are the first of them. */
  differing: number;
  differences: Difference[];
}

export interface AuditOptions {
  /** How many accounts are named at most. */
  differencesMax: number;
  /** How many entries one statement looks at. */
  sliceEntries?: number;
  /** How many entries there are, before the first is read. */
  onStart?: (entries: number) => void;
  /** How many were read, after each statement. */
  onProgress?: (entries: number) => void;
}

/**
 * Recomputes every balance from the ledger, in one snapshot: who writes meanwhile neither waits nor is seen. It only
 * reads, so that it may also be pointed at a replica.
 *
 * @throws UnsuitableDatabase when there is no ledger
 */
export function auditLedger(dataSource: DataSource, options: AuditOptions): Promise<LedgerAudit> {
  const { differencesMax, sliceEntries = SLICE_ENTRIES, onStart, onProgress } = options;
  return dataSource.transaction('REPEATABLE READ', async (snapshot) => {
    await snapshot.query('SET TRANSACTION READ ONLY');
    await prepareSession(snapshot);
    await checkSchema(snapshot);

    onStart?.(await countEntries(snapshot));
    const audit: LedgerAudit = { accounts: 0, entries: 0, openHolds: 0, differing: 0, differences: [] };
    let carried: string | null = null;
    for await (const slice of ledgerSlices(snapshot, sliceEntries)) {
      const found = await checkSlice(snapshot, slice, carried, differencesMax - audit.differences.length);
      carried = found.carried;
      audit.accounts += found.accounts;
      audit.entries += found.entries;
      audit.openHolds += found.openHolds;
      audit.differing += found.differing;
      audit.differences.push(...found.differences);
      onProgress?.(audit.entries);
    }
    return audit;
  });
}

/**
 * A ledger takes as long as it takes, whatever limits the role or the database has. Joins hash or merge: where the
 * planner's statistics are older than the accounts it expects no rows, and would compare all with all. Servers differ in
 * the settings they have.
 */
async function prepareSession(snapshot: EntityManager): Promise<void> {
  await snapshot.query(
    `SELECT set_config(name, CASE vartype WHEN 'bool' THEN 'off' ELSE '0' END, true) FROM pg_settings
     WHERE name IN (
       'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'enable_nestloop', 'jit'
     )`,
  );
}

async function checkSchema(snapshot: EntityManager): Promise<void> {
  const [schema] = await snapshot.query<{ hasLedger: boolean }[]>(
    `SELECT to_regproc('ledger_apply') IS NOT NULL AS "hasLedger"`,
  );
  if (!schema!.hasLedger) {
    throw new UnsuitableDatabase(
      'There is no ledger in this database, or only one of an older version. Start Tollgate on it, or run "npm run migration:run".',
    );
  }
}

/** As the balances have it, which is quick; the audit finds out whether it is true. */
async function countEntries(snapshot: EntityManager): Promise<number> {
  const [count] = await snapshot.query<{ entries: number }[]>(
    'SELECT coalesce(sum(sequence), 0)::float8 AS entries FROM balances',
  );
  return count!.entries;
}

async function checkSlice(
  snapshot: EntityManager,
  { accountsAfter, accountsUpTo, entriesAfter, entriesUpTo, isLast }: LedgerSlice,
  carried: string | null,
  differencesMax: number,
): Promise<SliceCheck> {
  const [found] = await snapshot.query<SliceCheck[]>(SLICE_CHECK, [
    accountsAfter,
    accountsUpTo,
    entriesAfter,
    entriesUpTo,
    carried ?? '[]',
    isLast,
    differencesMax,
  ]);
  return found!;
}
