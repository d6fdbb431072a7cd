import { DomainError, type FieldProblem } from './domain-error.js';

/** Refusals that concern the request itself, before any feature has seen it. */

/** No credential, or one that is not good. Which of the two, and why, is not said. */
export class NotAuthenticated extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'auth.not_authenticated';
  constructor() {
    super('Not authenticated');
  }
}

export class InvalidRequest extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'request.invalid';
  override readonly fields: FieldProblem[];
  constructor(fields: FieldProblem[]) {
    super(fields.map((problem) => problem.message).join('; ') || 'The request is not valid.');
    this.fields = fields;
  }
}

export class MalformedBody extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'request.malformed_body';
  constructor(message = 'The body is not valid JSON.', options?: ErrorOptions) {
    super(message, options);
  }
}

export class InvalidCursor extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'request.invalid_cursor';
  override readonly fields = [{ field: 'cursor', message: 'cursor must be the next_cursor of an earlier answer' }];
  constructor() {
    super('cursor must be the next_cursor of an earlier answer');
  }
}

export class InvalidIdempotencyKey extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'request.invalid_idempotency_key';
  override readonly fields = [
    { field: 'Idempotency-Key', message: 'Idempotency-Key must be 1 to 255 visible characters' },
  ];
  constructor() {
    super('The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.');
  }
}

export class IdempotencyKeyReused extends DomainError {
  readonly kind = 'unprocessable';
  readonly code = 'request.idempotency_key_reused';
  override readonly fields = [{ field: 'Idempotency-Key', message: 'Idempotency-Key was used for another request' }];
  constructor() {
    super('This Idempotency-Key was used for another request. Use a new one.');
  }
}

export class IdempotencyKeyInUse extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'request.idempotency_key_in_use';
  override readonly retryAfterSeconds = 1;
  constructor() {
    super('A request with this Idempotency-Key is still being worked on.');
  }
}

export class UnknownRoute extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'request.unknown_route';
  constructor(method: string, path: string) {
    super(`There is nothing at ${method} ${path}.`);
  }
}

export class MethodNotAllowed extends DomainError {
  readonly kind = 'method_not_allowed';
  readonly code = 'request.method_not_allowed';
  constructor(
    method: string,
    override readonly allowedMethods: string[],
  ) {
    super(`This URL does not answer to ${method}; it answers to ${allowedMethods.join(', ')}.`);
  }
}

export class BodyTooLarge extends DomainError {
  readonly kind = 'too_large';
  readonly code = 'request.body_too_large';
  constructor(limitBytes: number) {
    super(`The body is larger than ${limitBytes} bytes.`);
  }
}

export class UnsupportedMediaType extends DomainError {
  readonly kind = 'unsupported_media_type';
  readonly code = 'request.unsupported_media_type';
  constructor() {
    super('The body must be JSON in UTF-8, sent as Content-Type: application/json.');
  }
}

export class InternalError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'server.internal_error';
  constructor(options?: ErrorOptions) {
    super('Something went wrong on our side. The request id names the entry in the log.', options);
  }
}

export class DatabaseUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'server.database_unavailable';
  override readonly retryAfterSeconds = 2;
  constructor(options?: ErrorOptions) {
    super('The database cannot be reached at the moment. Try again shortly.', options);
  }
}
