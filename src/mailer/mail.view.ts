import type { Mail, MailCategory, MailStatus } from './mail.entity.js';

/** A mail as an administrator sees it: without its text, which may carry a code. */
export interface MailView {
  id: number;
  directoryId: number;
  userId: number;
  category: MailCategory;
  recipient: string;
  subject: string;
  status: MailStatus;
  attempts: number;
  lastError: string | null;
  createdAt: Date;
  sentAt: Date | null;
}

export function mailView(row: Mail): MailView {
  return {
    id: row.id,
    directoryId: row.directoryId,
    userId: row.userId,
    category: row.category,
    recipient: row.recipient,
    subject: row.subject,
    status: row.status,
    attempts: row.attempts,
    lastError: row.lastError,
    createdAt: row.createdAt,
    sentAt: row.sentAt,
  };
}
