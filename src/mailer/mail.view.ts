import type { Mail, MailCategory } from './mail.entity.js';

/** A mail as an administrator sees it: without its text, which may carry a code. */
export interface MailView {
  id: number;
  userId: number;
  category: MailCategory;
  recipient: string;
  subject: string;
  createdAt: Date;
}

export function mailView(row: Mail): MailView {
  return {
    id: row.id,
    userId: row.userId,
    category: row.category,
    recipient: row.recipient,
    subject: row.subject,
    createdAt: row.createdAt,
  };
}
