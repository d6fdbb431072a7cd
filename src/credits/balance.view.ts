import type { Balance } from './balance.entity.js';

/** What an account has, in credits. `spendable` is `available − used − frozen`. */
export interface BalanceView {
  accountId: number;
  available: number;
  used: number;
  frozen: number;
  spendable: number;
  periodEnd: Date;
  createdAt: Date;
  updatedAt: Date;
}

export function balanceView(row: Balance): BalanceView {
  const available = row.allowance + row.topUp;
  return {
    accountId: row.accountId,
    available,
    used: row.used,
    frozen: row.frozen,
    spendable: available - row.used - row.frozen,
    periodEnd: row.periodEnd,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
