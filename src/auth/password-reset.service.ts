import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { SecurityNotices } from '../mailer/security-notices.js';
import { userKey } from '../route-policy/principal.js';
import { CodesService } from '../tokens/codes.service.js';
import { TokensService } from '../tokens/tokens.service.js';
import { UsersService } from '../users/users.service.js';
import { CodeRefused } from './auth.errors.js';
import { passwordChangedMessage } from './auth.mails.js';
import { CodeSender, type CodeRequest } from './code-sender.js';
import { checkPassword } from './passwords/password-policy.js';
import { PasswordsService } from './passwords/passwords.service.js';

/** Setting a password without the old one: the code in the mail proves the mailbox instead. */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly sender: CodeSender,
    private readonly passwords: PasswordsService,
    private readonly tokens: TokensService,
    private readonly notices: SecurityNotices,
  ) {}

  /** @throws InvalidRequest, InvalidEmail, UserNotFound, TooManyMails, TooManyWrongCodes */
  async sendCode(request: CodeRequest, ttlSeconds: number | undefined): Promise<void> {
    await this.sender.send(request, { purpose: 'password_reset', ttlSeconds, show: (code) => code });
  }

  /**
   * Ends all of the user's sessions. People of the platform get a mail; other users are for those who manage them to tell.
   *
   * @throws InvalidEmail, UserNotFound, PasswordRefused, CodeRefused, TooBusy
   */
  async reset(directoryId: number, email: string, code: string, newPassword: string): Promise<void> {
    const user = await this.users.getByEmail(directoryId, email);
    await checkPassword(newPassword, user, 'new_password');
    // Before the slow hashing, so that guesses cost little; the code is used up only with the password that it sets.
    if (!(await this.codes.isResetCode(user, code))) {
      throw new CodeRefused('code');
    }
    const password = await this.passwords.hash(newPassword);

    const isReset = await this.transactions.run(async (tx) => {
      // The address may have been changed during the hashing. The user is locked before the code, as by whoever deletes them.
      const isRedeemed =
        (await this.users.hasEmail(tx, user, user.email)) && (await this.codes.redeemResetCode(tx, user, code));
      if (!isRedeemed) {
        return false;
      }
      await this.passwords.reset(tx, userKey(user), password);
      await this.tokens.endSessions(user, tx);
      await this.notices.tell(tx, passwordChangedMessage(user), user.email, 'others');
      return true;
    });
    if (!isReset) {
      throw new CodeRefused('code');
    }
  }
}
