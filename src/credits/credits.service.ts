import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/transactions.js';
import { Balance } from './balance.entity.js';
import { balanceView, type BalanceView } from './balance.view.js';
import { AccountNotFound, ChargeRefunded } from './credits.errors.js';
import { Entry } from './entry.entity.js';
import { entryView, type EntryView } from './entry.view.js';
import { Ledger } from './ledger.js';
import { accountFor, amountOf, type Order, type Purpose } from './order.js';

/**
 * Owns balances and the ledger, both in whole credits. Everybody may use their own account, administrators any. Every
 * change of a balance is one entry, written by the statement that makes it; the database refuses a balance that would
 * not add up and an entry that would be changed.
 */
@Injectable()
export class CreditsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    private readonly ledger: Ledger,
  ) {}

  /** The balance of a new account: the allowance of its first period, which ends in a month. */
  async openBalance(tx: Transaction, accountId: number): Promise<void> {
    const allowance = this.configuration.creditsPerPeriod;
    await tx.query(
      `WITH balance AS (
         INSERT INTO balances (account_id, allowance, sequence, period_end)
         VALUES ($1, $2, 1, ledger_period_after(now(), now()))
         RETURNING account_id, allowance
       )
       INSERT INTO entries (account_id, sequence, kind, operation, amount, allowance_change, balance_after)
       SELECT account_id, 1, 'grant', 'sign-up', allowance, allowance, allowance FROM balance`,
      [accountId, allowance],
    );
  }

  /**
   * What an account has, once everything is done that was due by now.
   *
   * @throws AccountNotFound
   */
  async balanceOf(wish: Pick<Order, 'principal' | 'account'>): Promise<BalanceView> {
    const accountId = accountFor(wish);
    const { balance, isDue } = await this.find(accountId);
    if (!isDue) {
      return balance;
    }
    await this.ledger.settle(accountId);
    return (await this.find(accountId)).balance;
  }

  /**
   * Entries of an account in their order, at most `limit`, with sequences above `after`.
   *
   * @throws AccountNotFound
   */
  async entriesOf(wish: Pick<Order, 'principal' | 'account'>, limit: number, after = 0): Promise<EntryView[]> {
    const { accountId } = await this.balanceOf(wish);
    const rows = await this.dataSource.manager.find(Entry, {
      where: { accountId, sequence: MoreThan(after) },
      order: { sequence: 'ASC' },
      take: limit,
    });
    return rows.map(entryView);
  }

  /** @throws AccountNotFound, OutOfCredits, UnknownOperation */
  async charge(order: Order, purpose: Purpose): Promise<EntryView> {
    const accountId = accountFor(order);
    const amount = amountOf(purpose);
    const { operation = 'charge', reference } = purpose;
    const { entry } = await this.ledger.perform({ kind: 'charge', accountId, amount, operation, reference }, order);
    return entry;
  }

  /**
   * Gives credits that do not lapse.
   *
   * @throws AccountNotFound, BalanceOverflow
   */
  async grant(
    order: Order,
    { operation = 'top-up', reference, amount }: Purpose & { amount: number },
  ): Promise<EntryView> {
    const accountId = accountFor(order);
    const { entry } = await this.ledger.perform({ kind: 'grant', accountId, amount, operation, reference }, order);
    return entry;
  }

  /**
   * Gives back a charge or a capture, or a part of it: at most what it took, however often.
   *
   * @throws AccountNotFound, ChargeNotFound, ChargeRefunded, MoreThanCharged
   */
  async refund(
    order: Order,
    { charge, amount, reference }: { charge: number } & Omit<Purpose, 'operation'>,
  ): Promise<EntryView> {
    const accountId = accountFor(order);
    const { entry } = await this.ledger.perform(
      { kind: 'refund', accountId, refundedSequence: charge, amount, reference },
      order,
    );
    return entry;
  }

  /**
   * Gives a charge back as a whole; once, however often it is asked.
   *
   * @returns what the account can spend then
   * @throws AccountNotFound
   */
  async giveBack(order: Order, { sequence: charge }: EntryView): Promise<number> {
    try {
      return (await this.refund(order, { charge })).balanceAfter;
    } catch (error) {
      if (error instanceof ChargeRefunded) {
        return (await this.balanceOf(order)).spendable;
      }
      throw error;
    }
  }

  /** @throws AccountNotFound */
  private async find(accountId: number): Promise<{ balance: BalanceView; isDue: boolean }> {
    const { entities, raw } = await this.dataSource.manager
      .createQueryBuilder(Balance, 'balance')
      .addSelect(
        `balance.periodEnd <= now() OR (balance.frozen > 0 AND EXISTS (
           SELECT FROM holds WHERE account_id = balance.accountId AND status = 'held' AND expires_at <= now()))`,
        'is_due',
      )
      .where({ accountId })
      .getRawAndEntities<{ is_due: boolean }>();
    const [row] = entities;
    if (!row) {
      throw new AccountNotFound();
    }
    return { balance: balanceView(row), isDue: raw[0]!.is_due };
  }
}
