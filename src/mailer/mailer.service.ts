import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Transaction } from '../database/transactions.js';
import { InvalidRequest } from '../errors/request.errors.js';
import type { UserKey } from '../route-policy/principal.js';
import { addDeliveryJob } from './delivery/delivery-job.js';
import { headerProblems } from './header-text.js';
import { Mail, type MailCategory, type MailStatus } from './mail.entity.js';
import { mailView, type MailView } from './mail.view.js';
import { MailNotAbandoned, MailNotFound, MailTextGone } from './mailer.errors.js';

export interface MailMessage {
  /** Whom it concerns. */
  user: UserKey;
  category: MailCategory;
  /** One address, as it is written to. */
  recipient: string;
  subject: string;
  /** Plain text. */
  text: string;
  /** Display name of the sender, whose address is always the configured one. */
  fromName?: string | undefined;
  /** How long the code that it carries is good, if any. The text is erased once it is sent, or of no use any more. */
  codeTtlSeconds?: number | undefined;
  /** Captured when the mail server accepts the mail, released when the mail is given up. */
  hold?: { accountId: number; id: string } | undefined;
}

/** One mailbox, not a list, nor anything that a mail server might take for one. */
const ONE_ADDRESS = /^(?:"(?:[^"\\\p{Cc}]|\\\P{Cc})+"|[^\s"<>(),:;@\\\p{Cc}]+)@[^\s"<>(),;@\\\p{Cc}]+$/u;

/**
 * Owns mails. A mail is a row, written in the transaction of the change that it announces together with the job that
 * delivers it, so that none exists without the others. Promises to deliver it as soon as the mail server takes it, to
 * give up in the end, and to say so.
 */
@Injectable()
export class MailerService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * @throws InvalidRequest for what would not be shown as it is in a header, or begin another, and for what is not one
   *   address; whoever takes these from outside refuses them first, by the name of the field there
   */
  async enqueue(tx: Transaction, message: MailMessage): Promise<void> {
    refuseUnsafe(message);
    const { user, category, recipient, subject, text, fromName, codeTtlSeconds, hold } = message;
    await tx.query(
      `WITH mail AS (
         INSERT INTO mails (directory_id, user_id, category, recipient, from_name, subject, text, code_expires_at,
           hold_account_id, hold_id, message_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8), $9, $10, gen_random_uuid())
         RETURNING directory_id, id
       )
       SELECT ${addDeliveryJob('mail')} FROM mail`,
      [
        user.directoryId,
        user.userId,
        category,
        recipient,
        fromName || null,
        subject,
        text,
        codeTtlSeconds ?? null,
        hold?.accountId ?? null,
        hold?.id ?? null,
      ],
    );
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

  /** Mails of every directory, newest first: at most `limit`, with ids below `before`. */
  async list(
    limit: number,
    { status, before = Number.MAX_SAFE_INTEGER }: { status?: MailStatus | undefined; before?: number | undefined },
  ): Promise<MailView[]> {
    const query = this.dataSource.manager
      .createQueryBuilder(Mail, 'mail')
      .where('mail.id < :before', { before })
      .orderBy('mail.id', 'DESC')
      .limit(limit);
    if (status) {
      query.andWhere('mail.status = :status', { status });
    }
    return (await query.getMany()).map(mailView);
  }

  /**
   * Begins anew with a mail that was abandoned, at no cost: the credits for it were given back. Of several who do it at
   * once, one does.
   *
   * @throws MailNotFound, MailNotAbandoned, MailTextGone
   */
  async retry(id: number): Promise<MailView> {
    const retried = await this.dataSource.query<unknown[]>(
      `WITH mail AS (
         UPDATE mails SET status = 'queued', attempts = 0
         WHERE id = $1 AND status = 'abandoned' AND (code_expires_at IS NULL OR text IS NOT NULL AND code_expires_at > now())
         RETURNING directory_id, id
       )
       SELECT ${addDeliveryJob('mail')} FROM mail`,
      [id],
    );
    const row = await this.dataSource.manager.findOneBy(Mail, { id });
    if (!row) {
      throw new MailNotFound();
    }
    if (retried.length === 0) {
      throw row.status === 'abandoned' ? new MailTextGone() : new MailNotAbandoned();
    }
    return mailView(row);
  }
}

function refuseUnsafe({ recipient, subject, fromName }: MailMessage): void {
  const problems = [
    ...(ONE_ADDRESS.test(recipient) ? [] : [{ field: 'recipient', message: 'recipient must be one email address' }]),
    ...headerProblems({ subject, fromName }),
  ];
  if (problems.length > 0) {
    throw new InvalidRequest(problems);
  }
}
