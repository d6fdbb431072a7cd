import type { Idempotency } from '../dialects/request-identity.js';
import { InvalidRequest } from '../errors/request.errors.js';
import type { Principal } from '../route-policy/principal.js';
import { priceOf } from '../route-policy/prices.js';
import { AccountNotFound, UnknownOperation } from './credits.errors.js';

/** Who wants an operation on which account, and what the wish is recognised by when it is sent again. */
export interface Order {
  principal: Principal;
  /** The caller's own when it is not named. */
  account?: number | undefined;
  requestId: string;
  idempotency?: Idempotency | undefined;
}

/**
 * The account that is meant: the caller's own unless they name another, which only administrators may.
 *
 * @throws AccountNotFound for somebody else's, whether it exists or not
 */
export function accountFor({ principal, account }: Pick<Order, 'principal' | 'account'>): number {
  if (account !== undefined && account !== principal.accountId && principal.role !== 'admin') {
    throw new AccountNotFound();
  }
  const accountId = account ?? principal.accountId;
  if (accountId === null) {
    throw new AccountNotFound();
  }
  return accountId;
}

/** How much and what for: an amount under any name, or only the name of an operation in the price list. */
export interface Purpose {
  amount?: number | undefined;
  operation?: string | undefined;
  reference?: string | undefined;
}

/** @throws UnknownOperation when the price list does not have it, InvalidRequest when nothing was named at all */
export function amountOf({ amount, operation }: Purpose): number {
  const price = operation === undefined ? undefined : priceOf(operation);
  if (amount === undefined && operation === undefined) {
    throw new InvalidRequest([
      { field: 'amount', message: 'amount is needed where operation is not in the price list' },
    ]);
  }
  const credits = amount ?? price;
  if (credits === undefined) {
    throw new UnknownOperation();
  }
  return credits;
}
