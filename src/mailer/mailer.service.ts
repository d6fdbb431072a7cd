import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Transaction } from '../database/transactions.js';
import type { UserKey } from '../route-policy/principal.js';
import { Mail, type MailCategory } from './mail.entity.js';
import { mailView, type MailView } from './mail.view.js';

export interface MailMessage {
  /** Whom it concerns. */
  user: UserKey;
  category: MailCategory;
  recipient: string;
  subject: string;
  /** Plain text. */
  text: string;
  fromName?: string | undefined;
  carriesCode?: boolean;
  hold?: { accountId: number; id: string } | undefined;
}

/**
 * Owns mails. A mail is a row, written in the transaction of the change that it announces, so that neither exists
 * without the other.
 */
@Injectable()
export class MailerService {
  constructor(private readonly dataSource: DataSource) {}

  async enqueue(tx: Transaction, message: MailMessage): Promise<void> {
    const { user, category, recipient, subject, text } = message;
    await tx.insert(Mail, {
      directoryId: user.directoryId,
      userId: user.userId,
      category,
      recipient,
      subject,
      text,
    });
  }

  /** Unless the same person got a mail of the same subject within the hour: for mails that strangers can cause. */
  async enqueueAtMostHourly(tx: Transaction, message: MailMessage): Promise<void> {
    const { directoryId, userId } = message.user;
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`mail:${directoryId}:${userId}`]);
    const [recent] = await tx.query<unknown[]>(
      `SELECT 1 FROM mails WHERE directory_id = $1 AND user_id = $2 AND subject = $3
       AND created_at > now() - interval '1 hour' LIMIT 1`,
      [directoryId, userId, message.subject],
    );
    if (!recent) {
      await this.enqueue(tx, message);
    }
  }

  /** Mails of a directory, newest first: at most `limit`, with ids below `before`. */
  async list(directoryId: number, limit: number, before: number = Number.MAX_SAFE_INTEGER): Promise<MailView[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(Mail, 'mail')
      .where('mail.directoryId = :directoryId AND mail.id < :before', { directoryId, before })
      .orderBy('mail.id', 'DESC')
      .limit(limit)
      .getMany();
    return rows.map(mailView);
  }
}
