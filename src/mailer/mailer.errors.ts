import { DomainError } from '../errors/domain-error.js';

export class MailNotFound extends DomainError {
  readonly kind = 'not_found';
  readonly code = 'mailer.mail_not_found';
  constructor() {
    super('There is no such mail.');
  }
}

export class MailNotAbandoned extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mailer.mail_not_abandoned';
  constructor() {
    super('The mail was not abandoned. Only an abandoned mail can be retried.');
  }
}

export class MailTextGone extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mailer.mail_text_gone';
  constructor() {
    super('The mail carried a code that has expired, so its text was erased. Ask for a new one.');
  }
}
