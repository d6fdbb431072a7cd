import { Injectable } from '@nestjs/common';
import { violatedConstraint } from '../database/database-errors.js';
import { Transactions } from '../database/transactions.js';
import { MailQuota } from '../mailer/mail-quota.js';
import { MailerService, type MailMessage } from '../mailer/mailer.service.js';
import type { CodePurpose } from '../tokens/code-text.js';
import { CODE_TTL_SECONDS, CodesService } from '../tokens/codes.service.js';
import { UserNotFound } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { TooManyMails } from './auth.errors.js';
import { codeMessage, wordsOf, type ChosenWords } from './code-mails.js';

/** What every request for a mail with a code says. */
export interface CodeRequest {
  /** Only those who are in this directory are sent anything. */
  directoryId: number;
  email: string;
  words: ChosenWords;
  /** What the caller is to pay when the mail is sent; nothing when undefined. */
  hold?: MailMessage['hold'];
}

interface CodeForm {
  purpose: CodePurpose;
  ttlSeconds?: number | undefined;
  /** What the mail shows of the code. */
  show(code: string): string;
}

/** Sends somebody of a directory a new code by mail: the code and the mail exist together or not at all. */
@Injectable()
export class CodeSender {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly mailer: MailerService,
    private readonly quota: MailQuota,
  ) {}

  /** @throws InvalidRequest, InvalidEmail, UserNotFound, TooManyMails, TooManyWrongCodes */
  async send({ directoryId, email, words: chosen, hold }: CodeRequest, form: CodeForm): Promise<void> {
    const words = wordsOf(form.purpose, chosen);
    const ttlSeconds = form.ttlSeconds ?? CODE_TTL_SECONDS[form.purpose];
    try {
      await this.transactions.run(async (tx) => {
        const user = await this.users.getByEmail(directoryId, email, tx);
        const quota = await this.quota.take(tx, directoryId, form.purpose, user.email);
        if (!quota.isTaken) {
          throw new TooManyMails(quota.retryAfterSeconds);
        }
        const code = await this.codes.issue(tx, form.purpose, user, ttlSeconds);
        const message = codeMessage(form.purpose, user, words, form.show(code));
        await this.mailer.enqueue(tx, { ...message, codeTtlSeconds: ttlSeconds, hold });
      });
    } catch (error) {
      // Deleted since we looked.
      throw violatedConstraint(error) === 'codes_user_fkey' ? new UserNotFound() : error;
    }
  }
}
