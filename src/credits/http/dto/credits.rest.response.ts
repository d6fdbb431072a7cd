import type { BalanceView } from '../../balance.view.js';

export class CreditsRestResponse {
  /** @example 7 */
  account!: number;
  /**
   * All that was granted and is valid now.
   * @example 10000
   */
  available_credits!: number;
  /** @example 342 */
  used_credits!: number;
  /** @example 0 */
  frozen_credits!: number;
  /**
   * What can be spent: available − used − frozen.
   * @example 9658
   */
  spendable_credits!: number;
  /**
   * When the allowance lapses and is granted again.
   * @example "2026-07-20T00:00:00.000Z"
   */
  period_end!: string;
  /** @example "2025-01-15T09:00:00.000Z" */
  created_at!: string;
  /** @example "2026-06-20T00:00:00.000Z" */
  updated_at!: string;

  static from(balance: BalanceView): CreditsRestResponse {
    return {
      account: balance.accountId,
      available_credits: balance.available,
      used_credits: balance.used,
      frozen_credits: balance.frozen,
      spendable_credits: balance.spendable,
      period_end: balance.periodEnd.toISOString(),
      created_at: balance.createdAt.toISOString(),
      updated_at: balance.updatedAt.toISOString(),
    };
  }
}
