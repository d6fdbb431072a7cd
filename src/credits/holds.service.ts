import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { HoldNotFound } from './credits.errors.js';
import { CreditsService } from './credits.service.js';
import { Hold, type HoldStatus } from './hold.entity.js';
import { holdView, type HoldView } from './hold.view.js';
import { Ledger, type LedgerOperation } from './ledger.js';
import { accountFor, amountOf, type Order, type Purpose } from './order.js';

/** Where a hold stands in the list, newest first. */
export interface HoldPosition {
  /** ISO 8601. */
  createdAt: string;
  id: string;
}

/** A UUID, in either case. */
export const HOLD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Owns holds: credits that are frozen for something that is still to happen, then captured or released, once. One that
 * nobody settles expires by itself and gives everything back.
 */
@Injectable()
export class HoldsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credits: CreditsService,
    private readonly ledger: Ledger,
  ) {}

  /** @throws AccountNotFound, OutOfCredits, TooManyHolds, UnknownOperation */
  async hold(order: Order, purpose: Purpose & { expiresInSeconds: number }): Promise<HoldView> {
    const accountId = accountFor(order);
    const amount = amountOf(purpose);
    const { operation = 'hold', reference, expiresInSeconds } = purpose;
    return this.perform({ kind: 'hold', accountId, amount, operation, reference, expiresInSeconds }, order);
  }

  /**
   * Spends what is held, or a part of it; the rest goes back.
   *
   * @throws AccountNotFound, HoldNotFound, HoldSettled, MoreThanHeld
   */
  async capture(order: Order, holdId: string, { amount, reference }: Omit<Purpose, 'operation'>): Promise<HoldView> {
    const accountId = await this.ownerOf(order, holdId);
    return this.perform({ kind: 'capture', accountId, holdId, amount, reference }, order);
  }

  /**
   * Gives back everything that is held.
   *
   * @throws AccountNotFound, HoldNotFound, HoldSettled
   */
  async release(order: Order, holdId: string, { reference }: Pick<Purpose, 'reference'>): Promise<HoldView> {
    const accountId = await this.ownerOf(order, holdId);
    return this.perform({ kind: 'release', accountId, holdId, reference }, order);
  }

  /** @throws AccountNotFound, HoldNotFound */
  async get(wish: Pick<Order, 'principal' | 'account'>, holdId: string): Promise<HoldView> {
    const account = await this.ownerOf(wish, holdId);
    const { accountId } = await this.credits.balanceOf({ ...wish, account });
    const row = await this.dataSource.manager.findOneBy(Hold, { accountId, id: holdId });
    if (!row) {
      throw new HoldNotFound();
    }
    return holdView(row);
  }

  /**
   * Holds of an account, newest first, at most `limit` after the position.
   *
   * @throws AccountNotFound
   */
  async list(
    wish: Pick<Order, 'principal' | 'account'>,
    limit: number,
    { status, after }: { status?: HoldStatus | undefined; after?: HoldPosition | undefined },
  ): Promise<HoldView[]> {
    const { accountId } = await this.credits.balanceOf(wish);
    const query = this.dataSource.manager
      .createQueryBuilder(Hold, 'hold')
      .where({ accountId, ...(status ? { status } : {}) })
      .orderBy({ 'hold.createdAt': 'DESC', 'hold.id': 'DESC' })
      .limit(limit);
    if (after) {
      query.andWhere('(hold.createdAt, hold.id) < (:createdAt, :id)', after);
    }
    return (await query.getMany()).map(holdView);
  }

  private async perform(
    operation: Extract<LedgerOperation, { kind: 'hold' | 'capture' | 'release' }>,
    order: Order,
  ): Promise<HoldView> {
    const { hold } = await this.ledger.perform(operation, order);
    return hold!;
  }

  /** Whose hold it is: the account that was named, or the caller's own; administrators need not name it. */
  private async ownerOf(wish: Pick<Order, 'principal' | 'account'>, holdId: string): Promise<number> {
    const accountId = accountFor(wish);
    if (!HOLD_ID.test(holdId)) {
      throw new HoldNotFound();
    }
    if (wish.account !== undefined || wish.principal.role !== 'admin') {
      return accountId;
    }
    const row = await this.dataSource.manager.findOne(Hold, { where: { id: holdId }, select: { accountId: true } });
    if (!row) {
      throw new HoldNotFound();
    }
    return row.accountId;
  }
}
