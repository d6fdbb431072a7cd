import type { UserNumbers } from '../../../user-numbers/user-numbers.js';
import type { MailView } from '../../mail.view.js';

export class MailRestResponse {
  /** @example 12 */
  id!: number;
  /**
   * Directory of that user: 0 is the platform's, any other belongs to the account with this id.
   * @example 0
   */
  directory!: number;
  /**
   * Id of the user whom it concerns.
   * @example 42
   */
  user!: number;
  /** @example "security" */
  category!: 'security' | 'system' | 'update' | 'notification';
  /** @example "alice@example.com" */
  recipient!: string;
  /** @example "Your password was changed" */
  subject!: string;
  /**
   * `queued` and `sending` are on their way, `abandoned` was given up, `suppressed` was not wanted by its recipient.
   * @example "sent"
   */
  status!: 'queued' | 'sending' | 'sent' | 'abandoned' | 'suppressed';
  /**
   * How often it was tried.
   * @example 1
   */
  attempts!: number;
  /**
   * Why the last attempt failed; null when it did not.
   * @example null
   */
  last_error!: string | null;
  /** @example "2026-06-20T08:00:00.000Z" */
  created_at!: string;
  /**
   * When the mail server accepted it; null when it has not.
   * @example "2026-06-20T08:00:01.000Z"
   */
  sent_at!: string | null;

  static from(mail: MailView, numbers: UserNumbers): MailRestResponse {
    return {
      id: mail.id,
      directory: mail.directoryId,
      user: numbers.of(mail),
      category: mail.category,
      recipient: mail.recipient,
      subject: mail.subject,
      status: mail.status,
      attempts: mail.attempts,
      last_error: mail.lastError,
      created_at: mail.createdAt.toISOString(),
      sent_at: mail.sentAt?.toISOString() ?? null,
    };
  }
}

export class MailListRestResponse {
  items!: MailRestResponse[];
  /**
   * Give it as `cursor` to get what follows; null at the end.
   * @example null
   */
  next_cursor!: string | null;
}
