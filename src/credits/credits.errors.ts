import { DomainError } from '../errors/domain-error.js';
import type { HoldStatus } from './hold.entity.js';

/** Also for an account that exists and belongs to somebody else. */
export class AccountNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'credits.account_not_found';
  constructor() {
    super('There is no such account.');
  }
}

/** Also for somebody else's. */
export class HoldNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'credits.hold_not_found';
  constructor() {
    super('There is no such hold.');
  }
}

export class ChargeNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'credits.charge_not_found';
  override readonly fields = [{ field: 'charge', message: 'charge must be the sequence of a charge or a capture' }];
  constructor() {
    super('The account has no charge or capture with this sequence.');
  }
}

export class UnknownOperation extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'credits.unknown_operation';
  override readonly fields = [{ field: 'operation', message: 'operation is not in the price list; give an amount' }];
  constructor() {
    super('The price list has no such operation. Name one that it has, or give an amount.');
  }
}

/** Nothing happened. */
export class OutOfCredits extends DomainError {
  readonly kind = 'out_of_credits';
  readonly code = 'credits.out_of_credits';
  constructor(
    needed: number,
    readonly spendable: number,
  ) {
    super(`Not enough credits: this needs ${needed}, and ${spendable} can be spent.`);
  }
}

export class HoldSettled extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'credits.hold_settled';
  constructor(status: HoldStatus) {
    super(status === 'expired' ? 'The hold has expired.' : `The hold was ${status} before.`);
  }
}

/** So that what falls due at once is bounded. */
export class TooManyHolds extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'credits.too_many_holds';
  constructor() {
    super('The account has 10,000 open holds, which is the most. Capture or release some of them first.');
  }
}

export class ChargeRefunded extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'credits.charge_refunded';
  constructor() {
    super('All of this charge was given back before.');
  }
}

export class MoreThanHeld extends DomainError {
  readonly kind = 'unprocessable';
  readonly code = 'credits.more_than_held';
  override readonly fields = [{ field: 'amount', message: 'amount is more than the hold has' }];
  constructor() {
    super('The amount is more than the hold has.');
  }
}

export class MoreThanCharged extends DomainError {
  readonly kind = 'unprocessable';
  readonly code = 'credits.more_than_charged';
  override readonly fields = [{ field: 'amount', message: 'amount is more than what is left of the charge' }];
  constructor() {
    super('The amount is more than what is left of the charge.');
  }
}

export class BalanceOverflow extends DomainError {
  readonly kind = 'unprocessable';
  readonly code = 'credits.balance_overflow';
  override readonly fields = [{ field: 'amount', message: 'amount would take the balance above 2^53 - 1 credits' }];
  constructor() {
    super('The balance would be above 2^53 - 1 credits.');
  }
}
