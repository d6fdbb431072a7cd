import type { EntryView } from '../../entry.view.js';

export class EntryRestResponse {
  /** @example 7 */
  account!: number;
  /**
   * 1, 2, 3 … within the account, without gaps.
   * @example 1
   */
  sequence!: number;
  /** @example "grant" */
  kind!: 'grant' | 'charge' | 'refund' | 'hold' | 'capture' | 'release' | 'lapse';
  /**
   * What it was for.
   * @example "sign-up"
   */
  operation!: string;
  /**
   * Signed change of what is spendable.
   * @example 10000
   */
  amount!: number;
  /** @example 0 */
  used_change!: number;
  /** @example 0 */
  frozen_change!: number;
  /**
   * Spendable after this entry.
   * @example 10000
   */
  balance_after!: number;
  /** @example null */
  reference!: string | null;
  /** @example null */
  request_id!: string | null;
  /** @example "2026-06-20T08:00:00.000Z" */
  created_at!: string;

  static from(entry: EntryView): EntryRestResponse {
    return {
      account: entry.accountId,
      sequence: entry.sequence,
      kind: entry.kind,
      operation: entry.operation,
      amount: entry.amount,
      used_change: entry.usedChange,
      frozen_change: entry.frozenChange,
      balance_after: entry.balanceAfter,
      reference: entry.reference,
      request_id: entry.requestId,
      created_at: entry.createdAt.toISOString(),
    };
  }
}

export class EntryListRestResponse {
  items!: EntryRestResponse[];
  /**
   * Give it as `cursor` to get what follows; null at the end.
   * @example null
   */
  next_cursor!: string | null;
}
