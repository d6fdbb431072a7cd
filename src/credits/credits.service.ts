import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/transactions.js';
import type { Principal } from '../route-policy/principal.js';
import { Balance } from './balance.entity.js';
import { balanceView, type BalanceView } from './balance.view.js';
import { AccountNotFound } from './credits.errors.js';
import { Entry } from './entry.entity.js';
import { entryView, type EntryView } from './entry.view.js';

/**
 * Owns balances and the ledger, both in whole credits. Every change of a balance is one entry, written by the same
 * statement; the database refuses a balance that would not add up and an entry that would be changed.
 */
@Injectable()
export class CreditsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  /** The balance of a new account: the allowance of its first period, which ends in a month. */
  async openBalance(tx: Transaction, accountId: number): Promise<void> {
    const allowance = this.configuration.creditsPerPeriod;
    await tx.query(
      `WITH balance AS (
         INSERT INTO balances (account_id, allowance, sequence, period_end)
         VALUES ($1, $2, 1, (now() AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC')
         RETURNING account_id, allowance
       )
       INSERT INTO entries (account_id, sequence, kind, operation, amount, balance_after)
       SELECT account_id, 1, 'grant', 'sign-up', allowance, allowance FROM balance`,
      [accountId, allowance],
    );
  }

  /** @throws AccountNotFound */
  async balanceOf(accountId: number): Promise<BalanceView> {
    const row = await this.dataSource.manager.findOneBy(Balance, { accountId });
    if (!row) {
      throw new AccountNotFound();
    }
    return balanceView(row);
  }

  /**
   * Entries of an account in their order, at most `limit`, with sequences above `after`.
   *
   * @throws AccountNotFound
   */
  async entriesOf(accountId: number, limit: number, after: number = 0): Promise<EntryView[]> {
    await this.balanceOf(accountId);
    const rows = await this.dataSource.manager.find(Entry, {
      where: { accountId, sequence: MoreThan(after) },
      order: { sequence: 'ASC' },
      take: limit,
    });
    return rows.map(entryView);
  }

  /**
   * The account that a caller may look at: their own unless they name one, which only administrators may.
   *
   * @throws AccountNotFound for somebody else's, whether it exists or not
   */
  accountFor(principal: Principal, requested: number | undefined): number {
    if (requested !== undefined && requested !== principal.accountId && principal.role !== 'admin') {
      throw new AccountNotFound();
    }
    return requested ?? principal.accountId;
  }
}
