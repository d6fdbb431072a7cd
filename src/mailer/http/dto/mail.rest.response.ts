import type { MailView } from '../../mail.view.js';

export class MailRestResponse {
  /** @example 12 */
  id!: number;
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
  /** @example "2026-06-20T08:00:00.000Z" */
  created_at!: string;

  static from(mail: MailView): MailRestResponse {
    return {
      id: mail.id,
      user: mail.userId,
      category: mail.category,
      recipient: mail.recipient,
      subject: mail.subject,
      created_at: mail.createdAt.toISOString(),
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
