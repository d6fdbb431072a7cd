import { DomainError } from '../errors/domain-error.js';
import { NotAuthenticated } from '../errors/request.errors.js';

export class UserNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'users.not_found';
  constructor() {
    super('There is no such user.');
  }
}

/** What callers do with themselves: whoever was deleted since the guard let them in is told what it would tell them now. */
export async function asCaller<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UserNotFound ? new NotAuthenticated() : error;
  }
}

export class EmailAlreadyRegistered extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'users.email_already_registered';
  override readonly fields = [{ field: 'email', message: 'email is already registered' }];
  constructor() {
    super('This email address is already registered.');
  }
}

export class UsernameTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'users.username_taken';
  override readonly fields = [{ field: 'username', message: 'username is already taken' }];
  constructor() {
    super('This username is already taken.');
  }
}

export class ExternalIdTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'users.id_taken';
  override readonly fields = [{ field: 'id', message: 'id is already taken' }];
  constructor() {
    super('This id is already taken.');
  }
}

export class InvalidEmail extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'users.invalid_email';
  override readonly fields = [{ field: 'email', message: 'email must be an email address' }];
  constructor() {
    super('email must be an email address');
  }
}

export class InvalidUsername extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'users.invalid_username';
  override readonly fields: { field: string; message: string }[];
  constructor(message: string) {
    super(message);
    this.fields = [{ field: 'username', message }];
  }
}
