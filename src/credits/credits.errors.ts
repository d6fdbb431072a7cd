import { DomainError } from '../errors/domain-error.js';

/** Also for an account that exists and belongs to somebody else. */
export class AccountNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'credits.account_not_found';
  constructor() {
    super('There is no such account.');
  }
}
