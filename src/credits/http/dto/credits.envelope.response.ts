import { wholeSeconds } from '../../../dialects/envelope.dialect.js';
import type { BalanceView } from '../../balance.view.js';

export class CreditsEnvelopeResponse {
  /** @example 5 */
  id!: number;
  /**
   * Id of the user.
   * @example 42
   */
  user!: number;
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
   * @example "2026-07-20T00:00:00Z"
   */
  period_end!: string;
  /** @example "2025-01-15T09:00:00Z" */
  created_at!: string;
  /** @example "2026-06-20T00:00:00Z" */
  updated_at!: string;

  static from(balance: BalanceView, user: number): CreditsEnvelopeResponse {
    return {
      id: balance.accountId,
      user,
      available_credits: balance.available,
      used_credits: balance.used,
      frozen_credits: balance.frozen,
      spendable_credits: balance.spendable,
      period_end: wholeSeconds(balance.periodEnd),
      created_at: wholeSeconds(balance.createdAt),
      updated_at: wholeSeconds(balance.updatedAt),
    };
  }
}
