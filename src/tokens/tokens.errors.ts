import { DomainError } from '../errors/domain-error.js';

export class SessionNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'tokens.session_not_found';
  constructor() {
    super('There is no such session.');
  }
}
