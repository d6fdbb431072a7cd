import { DomainError } from '../errors/domain-error.js';

export class UnknownTimezone extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'accounts.unknown_timezone';
  override readonly fields = [
    { field: 'timezone', message: 'timezone must be an IANA time zone such as Australia/Brisbane' },
  ];
  constructor() {
    super('timezone must be an IANA time zone such as Australia/Brisbane');
  }
}
