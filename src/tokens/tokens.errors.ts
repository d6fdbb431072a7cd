import { DomainError } from '../errors/domain-error.js';

export class SessionNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'tokens.session_not_found';
  constructor() {
    super('There is no such session.');
  }
}

export class TooManyWrongCodes extends DomainError {
  readonly kind = 'rate_limited';
  readonly code = 'tokens.too_many_wrong_codes';
  constructor(override readonly retryAfterSeconds: number) {
    super('There were too many wrong codes. Wait a while before you ask for a new one.');
  }
}
