import { DomainError, type FieldProblem } from '../errors/domain-error.js';

export class AmbiguousCredentials extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'auth.ambiguous_credentials';
  constructor() {
    super('The request carries more than one credential; send exactly one.');
  }
}

export class CrossOriginRequest extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'auth.cross_origin_request';
  constructor() {
    super('A change that rests on the session cookie must come from a page of the same origin.');
  }
}

export class AccessDenied extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'auth.access_denied';
  constructor(message = 'You may not do this.') {
    super(message);
  }
}

export class InvalidLogin extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'auth.invalid_login';
  constructor() {
    super('Invalid email or password!');
  }
}

export class WrongOldPassword extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'auth.wrong_old_password';
  override readonly fields = [{ field: 'old_password', message: 'old_password is not the current password' }];
  constructor() {
    super('The old password is not correct.');
  }
}

export class PasswordRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'auth.password_refused';
  override readonly fields: FieldProblem[];
  constructor(field: string, reason: string) {
    super(`${field} ${reason}`);
    this.fields = [{ field, message: this.message }];
  }
}

export class TooManyAttempts extends DomainError {
  readonly kind = 'rate_limited';
  readonly code = 'auth.too_many_attempts';
  constructor(override readonly retryAfterSeconds: number) {
    super('There were too many failed attempts. Wait a while and try again.');
  }
}

export class TooBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'auth.too_busy';
  constructor(override readonly retryAfterSeconds: number) {
    super('Too many passwords are being checked at the moment. Try again shortly.');
  }
}

export class SignUpClosed extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'auth.sign_up_closed';
  constructor() {
    super('Sign-up is closed here.');
  }
}

/** Wrong, used up, expired, or for something else. Which of these, nobody is told. */
export class CodeRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'auth.code_refused';
  override readonly fields: FieldProblem[];
  constructor(field: string) {
    super(`${field} is not valid, or not any more`);
    this.fields = [{ field, message: this.message }];
  }
}

export class TooManyMails extends DomainError {
  readonly kind = 'rate_limited';
  readonly code = 'auth.too_many_mails';
  constructor(override readonly retryAfterSeconds: number) {
    super('This address was sent too many mails of this kind. Wait a while and try again.');
  }
}
