import type { EntityManager } from 'typeorm';

/** Accounts after the first number up to the second, and of them the entries after and up to a sequence. */
export interface LedgerSlice {
  accountsAfter: string;
  accountsUpTo: string;
  entriesAfter: string;
  entriesUpTo: string;
  /** The slices before it, if any, were of the same accounts; none after it is. */
  isLast: boolean;
}

/** Bounds the memory and the time of one statement. */
export const SLICE_ENTRIES = 50_000;
const SLICE_ACCOUNTS = 10_000;

/** Numbers as text: they may be any bigint. */
const LOWEST = '-9223372036854775808';
const HIGHEST = '9223372036854775807';

/**
 * The whole ledger in slices of about `sliceEntries` entries. There is no account between two slices that belongs to
 * neither: what has entries without a balance is found, too.
 */
export async function* ledgerSlices(
  snapshot: EntityManager,
  sliceEntries: number,
): AsyncGenerator<LedgerSlice, void, void> {
  let accountsAfter = LOWEST;
  for (;;) {
    const accounts = await nextAccounts(snapshot, accountsAfter, sliceEntries);
    const range = { accountsAfter, accountsUpTo: accounts?.upTo ?? HIGHEST };
    if (accounts?.isLarge) {
      yield* slicesOfOne(snapshot, range, sliceEntries);
    } else {
      yield { ...range, entriesAfter: LOWEST, entriesUpTo: HIGHEST, isLast: true };
    }
    if (!accounts) {
      return;
    }
    accountsAfter = accounts.upTo;
  }
}

/** As many accounts as fit into a slice, one at least; what their balances say of the number of entries is believed. */
async function nextAccounts(
  snapshot: EntityManager,
  after: string,
  sliceEntries: number,
): Promise<{ upTo: string; isLarge: boolean } | undefined> {
  const [accounts] = await snapshot.query<{ upTo: string; isLarge: boolean }[]>(
    `SELECT account_id::text AS "upTo", entries > $2 AS "isLarge"
     FROM (
       SELECT account_id, sum(greatest(sequence, 0)) OVER ledger AS entries, row_number() OVER ledger AS place
       FROM balances WHERE account_id > $1
       WINDOW ledger AS (ORDER BY account_id ROWS UNBOUNDED PRECEDING)
       ORDER BY account_id LIMIT $3
     ) AS ahead
     WHERE entries <= $2 OR place = 1
     ORDER BY account_id DESC LIMIT 1`,
    [after, sliceEntries, SLICE_ACCOUNTS],
  );
  return accounts;
}

/** Cut where its entries are, whatever its balance says, so that this ends. */
async function* slicesOfOne(
  snapshot: EntityManager,
  range: Pick<LedgerSlice, 'accountsAfter' | 'accountsUpTo'>,
  sliceEntries: number,
): AsyncGenerator<LedgerSlice, void, void> {
  let entriesAfter = LOWEST;
  for (;;) {
    const [cut] = await snapshot.query<{ upTo: string }[]>(
      `SELECT sequence::text AS "upTo" FROM entries WHERE account_id = $1 AND sequence > $2
       ORDER BY sequence OFFSET $3 LIMIT 1`,
      [range.accountsUpTo, entriesAfter, sliceEntries - 1],
    );
    yield { ...range, entriesAfter, entriesUpTo: cut?.upTo ?? HIGHEST, isLast: !cut };
    if (!cut) {
      return;
    }
    entriesAfter = cut.upTo;
  }
}
