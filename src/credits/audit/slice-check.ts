/**
 * One part of the ledger, held against its balances and holds by one statement. A part is a range of accounts, whole or,
 * where an account has too many entries for one statement, a range of its sequences: then what was found is carried from
 * part to part and judged with the last one.
 */
export interface SliceCheck {
  /** Judged in this part. */
  accounts: number;
  entries: number;
  openHolds: number;
  /** How many of the accounts disagree with their ledger … */
  differing: number;
  /** … and the first of them. */
  differences: Difference[];
  /** For the next part of the same accounts; text, because its numbers may be beyond what JavaScript counts to. */
  carried: string | null;
}

export interface Difference {
  accountId: number;
  problems: string[];
}

/** What entries add up to, per account. */
const ENTRY_SUMS = {
  entries: `count(*)`,
  spendable_sum: `sum(amount)`,
  used_sum: `sum(used_change)`,
  frozen_sum: `sum(frozen_change)`,
  allowance_sum: `sum(allowance_change)`,
  hold_entries: `count(*) FILTER (WHERE kind = 'hold')`,
  hold_credits: `coalesce(sum(frozen_change) FILTER (WHERE kind = 'hold'), 0)`,
  capture_entries: `count(*) FILTER (WHERE kind = 'capture')`,
  capture_credits: `coalesce(sum(used_change) FILTER (WHERE kind = 'capture'), 0)`,
  release_entries: `count(*) FILTER (WHERE kind = 'release')`,
  release_credits: `coalesce(-sum(frozen_change) FILTER (WHERE kind = 'release'), 0)`,
};

/**
 * What may be wrong with an entry, seen from the one before it. That every entry continues its predecessor is the same
 * as every `balance_after` being the running sum, and names the place where it goes wrong.
 */
const ENTRY_FAULTS = {
  misnumbered: `sequence <> coalesce(sequence_before, 0) + 1`,
  miscounted: `balance_after <> coalesce(balance_before, 0)::numeric + amount`,
  backdated: `created_at < created_before`,
};

/** What may be wrong with the refunds of an entry, which is `taken`. */
const REFUND_FAULTS = {
  overrefunded: `refunds.credits > taken.used_change`,
  misrefunded: `taken.sequence IS NULL OR refunds.first_sequence <= taken.sequence`,
};

const FAULT_WORDS = {
  misnumbered: 'entries out of sequence',
  miscounted: 'entries whose balance_after is not the running sum',
  backdated: 'entries older than the one before',
  overrefunded: 'entries refunded beyond what they took',
  misrefunded: 'refunds of what is no earlier charge or capture',
} satisfies Record<keyof typeof ENTRY_FAULTS | keyof typeof REFUND_FAULTS, string>;

const FAULTS = Object.keys(FAULT_WORDS);
const SUMMED = [...Object.keys(ENTRY_SUMS), ...FAULTS];
const FIRSTS = FAULTS.map((fault) => `first_${fault}`);
const TALLIED = [...SUMMED, ...FIRSTS];

/**
 * Parameters: the accounts after $1 up to $2, their sequences after $3 up to $4, what earlier parts carried ($5), whether
 * this is the last part of these accounts ($6), and how many differences to name ($7). Answers one `SliceCheck`.
 *
 * Refunds belong to the part of the entry that they give back, so that each part has all that it compares. The entry at
 * $3 was counted before and is only looked back at.
 */
export const SLICE_CHECK = `
WITH slice AS MATERIALIZED (
  SELECT account_id, sequence, created_at, kind, amount, used_change, frozen_change, allowance_change, balance_after,
    lag(sequence) OVER ledger AS sequence_before,
    lag(balance_after) OVER ledger AS balance_before,
    lag(created_at) OVER ledger AS created_before
  FROM entries
  WHERE account_id > $1 AND account_id <= $2 AND sequence >= $3 AND sequence <= $4
  WINDOW ledger AS (PARTITION BY account_id ORDER BY sequence, created_at)
),
counted AS (
  SELECT account_id,
    ${list(Object.entries(ENTRY_SUMS).map(([name, sum]) => `${sum} AS ${name}`))},
    ${list(countsOf(ENTRY_FAULTS, 'sequence'))}
  FROM slice WHERE sequence > $3
  GROUP BY account_id
),
refunds AS (
  SELECT account_id, refunded_sequence, sum(amount) AS credits, min(sequence) AS first_sequence
  FROM entries
  WHERE account_id > $1 AND account_id <= $2 AND refunded_sequence > $3 AND refunded_sequence <= $4
  GROUP BY account_id, refunded_sequence
),
refunded AS (
  SELECT refunds.account_id,
    ${list(countsOf(REFUND_FAULTS, 'refunds.refunded_sequence'))}
  FROM refunds
  LEFT JOIN slice AS taken ON taken.account_id = refunds.account_id AND taken.sequence = refunds.refunded_sequence
    AND taken.kind IN ('charge', 'capture')
  GROUP BY refunds.account_id
),
tallies AS (
  SELECT account_id,
    ${list(SUMMED.map((name) => `coalesce(sum(${name}), 0) AS ${name}`))},
    ${list(FIRSTS.map((name) => `min(${name}) AS ${name}`))}
  FROM (
    SELECT account_id, ${TALLIED.join(', ')} FROM counted FULL JOIN refunded USING (account_id)
    UNION ALL
    SELECT account_id, ${TALLIED.join(', ')}
    FROM jsonb_to_recordset($5) AS carried (account_id bigint, ${TALLIED.map((name) => `${name} numeric`).join(', ')})
  ) AS parts
  GROUP BY account_id
),
hold_tallies AS (
  SELECT account_id,
    count(*) AS made,
    sum(amount) AS made_credits,
    count(*) FILTER (WHERE status = 'held') AS open,
    coalesce(sum(amount) FILTER (WHERE status = 'held'), 0) AS open_credits,
    count(*) FILTER (WHERE status = 'captured') AS captured,
    sum(captured) AS captured_credits,
    count(*) FILTER (WHERE status IN ('released', 'expired')) AS released,
    coalesce(sum(amount) FILTER (WHERE status IN ('released', 'expired')), 0) AS released_credits,
    count(*) FILTER (WHERE (status = 'expired') <> (settled_at >= expires_at)) AS mistimed
  FROM holds
  WHERE $6 AND account_id > $1 AND account_id <= $2
  GROUP BY account_id
),
judged AS (
  SELECT account_id, coalesce(open, 0) AS open, array_remove(ARRAY[
    CASE WHEN is_balance IS NULL THEN 'there is no balance for its entries or holds' END,
    ${Object.entries(FAULT_WORDS).map(faultWords).join('\n    ')}
    CASE WHEN balance_sequence <> coalesce(entries, 0)
      THEN format('sequence is %s, but it has %s entries', balance_sequence, coalesce(entries, 0)) END,
    ${sumWords('spendable')}
    ${sumWords('allowance')}
    ${sumWords('used')}
    ${sumWords('frozen')}
    CASE WHEN frozen <> coalesce(open_credits, 0)
      THEN format('frozen is %s, but its open holds add up to %s', frozen, coalesce(open_credits, 0)) END,
    CASE WHEN open_holds <> coalesce(open, 0)
      THEN format('open_holds is %s, but %s are open', open_holds, coalesce(open, 0)) END,
    ${holdWords('made', 'hold')}
    ${holdWords('captured', 'capture')}
    ${holdWords('released', 'release')}
    CASE WHEN mistimed > 0 THEN format('holds settled at a time that does not fit their status: %s', mistimed) END
  ], NULL) AS problems
  FROM (
    SELECT account_id, true AS is_balance, sequence AS balance_sequence, allowance, used, frozen, open_holds,
      allowance::numeric + top_up - used - frozen AS spendable
    FROM balances WHERE $6 AND account_id > $1 AND account_id <= $2
  ) AS balance
  FULL JOIN (SELECT * FROM tallies WHERE $6) AS tally USING (account_id)
  FULL JOIN hold_tallies USING (account_id)
)
SELECT
  (SELECT count(*) FROM judged)::float8 AS "accounts",
  (SELECT coalesce(sum(entries), 0) FROM counted)::float8 AS "entries",
  (SELECT coalesce(sum(open), 0) FROM judged)::float8 AS "openHolds",
  (SELECT count(*) FROM judged WHERE problems <> '{}')::float8 AS "differing",
  (
    SELECT coalesce(jsonb_agg(jsonb_build_object('accountId', account_id, 'problems', problems)), '[]')
    FROM (SELECT account_id, problems FROM judged WHERE problems <> '{}' ORDER BY account_id LIMIT $7) AS first
  ) AS "differences",
  (SELECT jsonb_agg(to_jsonb(tallies))::text FROM tallies WHERE NOT $6) AS "carried"`;

/** How often each fault occurs, and where first. */
function countsOf(faults: Record<string, string>, place: string): string[] {
  return Object.entries(faults).flatMap(([name, condition]) => [
    `count(*) FILTER (WHERE ${condition}) AS ${name}`,
    `min(${place}) FILTER (WHERE ${condition}) AS first_${name}`,
  ]);
}

function faultWords([fault, words]: [string, string]): string {
  return `CASE WHEN ${fault} > 0 THEN format('${words}: %s (first: %s)', ${fault}, first_${fault}) END,`;
}

/** Without a balance there is nothing to compare, and the comparison is null. */
function sumWords(name: string): string {
  const sum = `coalesce(${name}_sum, 0)`;
  return `CASE WHEN ${name} <> ${sum} THEN format('${name} is %s, but its entries add up to %s', ${name}, ${sum}) END,`;
}

function holdWords(status: string, kind: string): string {
  const holds = [status, `${status}_credits`].map((name) => `coalesce(${name}, 0)`).join(', ');
  const entries = [`${kind}_entries`, `${kind}_credits`].map((name) => `coalesce(${name}, 0)`).join(', ');
  return `CASE WHEN (${holds}) <> (${entries})
      THEN format('holds ${status} are %s of %s credits, but its entries say %s of %s', ${holds}, ${entries}) END,`;
}

function list(lines: string[]): string {
  return lines.join(',\n    ');
}
