import { DomainError } from '../errors/domain-error.js';

/** More work is waiting than can be done in time. Nothing of it was done. */
export class TooManyWaiting extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'server.too_many_waiting';
  override readonly retryAfterSeconds = 1;
  constructor() {
    super('Too much is waiting to be done at the moment. Try again shortly.');
  }
}
