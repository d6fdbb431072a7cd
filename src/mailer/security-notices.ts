import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/transactions.js';
import { PLATFORM_DIRECTORY_ID } from '../route-policy/principal.js';
import { MailQuota } from './mail-quota.js';
import { MailerService, type MailMessage } from './mailer.service.js';

/**
 * Tells people that their password or address was changed. People of the platform always hear of it. Users of other
 * directories hear of what was done with their own session, not of what the owner of the directory does for them: that is
 * for the owner to tell. Nobody pays for these mails, so an owner who plays their users gets no more out than for codes.
 */
@Injectable()
export class SecurityNotices {
  constructor(
    private readonly mailer: MailerService,
    private readonly quota: MailQuota,
  ) {}

  /** @param email the recipient's address in canonical form, which is what is counted */
  async tell(tx: Transaction, message: MailMessage, email: string, by: 'themselves' | 'others'): Promise<void> {
    const { directoryId } = message.user;
    const isTold =
      directoryId === PLATFORM_DIRECTORY_ID ||
      (by === 'themselves' && (await this.quota.take(tx, directoryId, 'security', email)).isTaken);
    if (isTold) {
      await this.mailer.enqueue(tx, message);
    }
  }
}
