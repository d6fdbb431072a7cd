import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Configuration } from '../../config/configuration.js';
import { CallHoldsService } from '../../credits/call-holds.service.js';
import { isDatabaseUnavailable } from '../../database/database-errors.js';
import { Metrics } from '../../operations/metrics.js';
import { MailPreferences } from '../mail-preferences.js';
import type { MailCategory } from '../mail.entity.js';
import { MailTransport } from '../transport/mail-transport.js';
import { deliveryFailure, type DeliveryFailure } from './delivery-failure.js';
import { addDeliveryJob, type DeliveryJob } from './delivery-job.js';
import { ATTEMPTS_MAX, delayAfter } from './delivery-schedule.js';

/** Somebody who has had a mail in hand for this long without a sign of life is dead. */
export const LEASE_SECONDS = 60;
/** Longer than a mail server may take by the book, so only one that keeps us busy on purpose is cut off. */
const ATTEMPT_MAX_MS = 15 * 60_000;
const NOTE_AGAIN_AFTER_MS = 1_000;

/** A mail that this process has in hand: whose attempt it is says its number. */
interface MailInHand {
  directory_id: number;
  id: number;
  attempts: number;
  user_id: number;
  category: MailCategory;
  recipient: string;
  from_name: string | null;
  subject: string;
  text: string;
  message_id: string;
  created_at: Date;
}

/** How an attempt ended. */
type Outcome = { status: 'sent' | 'suppressed' } | { status: 'abandoned' | 'queued'; reason: string };

/**
 * Makes one attempt at one mail: takes it in hand, hands it to the transport, notes what came of it, and settles the credits
 * that were held for it. Each step is one atomic statement and can be repeated, so a process may die anywhere: what it has
 * not noted is done again. See docs/adr/0010-mail-delivery.md.
 */
@Injectable()
export class DeliveryService {
  private readonly logger = new Logger('Mailer');
  private readonly inHand = new Set<MailInHand>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    private readonly transport: MailTransport,
    private readonly preferences: MailPreferences,
    private readonly holds: CallHoldsService,
    private readonly metrics: Metrics,
  ) {}

  /** Does for a mail what is to be done now; nothing, when it is over or in somebody else's hands. */
  async deliver(job: DeliveryJob, stopping: AbortSignal): Promise<void> {
    const mail = await this.takeInHand(job);
    if (mail) {
      this.inHand.add(mail);
      try {
        await this.note(mail, await this.attempt(mail, stopping));
      } finally {
        this.inHand.delete(mail);
      }
    }
    await this.settleHold(job);
  }

  /** Says that this process is alive, for every mail that it has in hand. */
  async renewLeases(): Promise<void> {
    const mails = [...this.inHand];
    if (mails.length > 0) {
      await this.dataSource.query(
        `UPDATE mails SET leased_until = now() + make_interval(secs => $4)
         FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS mine (directory_id, id, attempts)
         WHERE mails.directory_id = mine.directory_id AND mails.id = mine.id AND mails.attempts = mine.attempts
           AND mails.status = 'sending'`,
        [mails.map((it) => it.directory_id), mails.map((it) => it.id), mails.map((it) => it.attempts), LEASE_SECONDS],
      );
    }
  }

  /** Erases the texts of mails that were given up, and whose codes have expired since: no retry is of use any more. */
  async eraseExpired(): Promise<void> {
    await this.dataSource.query(
      `UPDATE mails SET text = NULL WHERE status = 'abandoned' AND text IS NOT NULL AND code_expires_at <= now()`,
    );
  }

  private async takeInHand({ directoryId, mailId }: DeliveryJob): Promise<MailInHand | undefined> {
    const [[mail]] = await this.dataSource.query<[MailInHand[], number]>(
      `UPDATE mails SET status = 'sending', attempts = attempts + 1, leased_until = now() + make_interval(secs => $3)
       WHERE directory_id = $1 AND id = $2
         AND (status = 'queued' OR (status = 'sending' AND leased_until < now()))
       RETURNING directory_id, id, attempts, user_id, category, recipient, from_name, subject, text, message_id, created_at`,
      [directoryId, mailId, LEASE_SECONDS],
    );
    return mail;
  }

  private async attempt(mail: MailInHand, stopping: AbortSignal): Promise<Outcome> {
    if (mail.attempts > ATTEMPTS_MAX) {
      return { status: 'abandoned', reason: 'interrupted in its last attempt' };
    }
    const { category } = mail;
    const user = { directoryId: mail.directory_id, userId: mail.user_id };
    if (category !== 'security' && !(await this.preferences.isWanted(user, category))) {
      return { status: 'suppressed' };
    }
    try {
      await this.transport.send(
        {
          messageId: mail.message_id,
          from: { ...this.configuration.mailFrom, ...(mail.from_name ? { name: mail.from_name } : {}) },
          recipient: mail.recipient,
          subject: mail.subject,
          text: mail.text,
          date: mail.created_at,
        },
        AbortSignal.any([stopping, AbortSignal.timeout(ATTEMPT_MAX_MS)]),
      );
      return { status: 'sent' };
    } catch (error) {
      return this.afterFailure(mail, deliveryFailure(error));
    }
  }

  private afterFailure(mail: MailInHand, { isPermanent, reason }: DeliveryFailure): Outcome {
    const status = isPermanent || mail.attempts >= ATTEMPTS_MAX ? 'abandoned' : 'queued';
    this.logger.warn({
      msg: status === 'abandoned' ? 'a mail was abandoned' : 'a mail could not be sent; it is tried again',
      directory: mail.directory_id,
      mail: mail.id,
      attempt: mail.attempts,
      reason,
    });
    return { status, reason };
  }

  /**
   * Between the mail server's yes and this note lies all that can make a mail go out twice. So while the database is out of
   * reach, the note is tried again and again.
   */
  private async note(mail: MailInHand, outcome: Outcome): Promise<void> {
    for (;;) {
      try {
        await this.noteOnce(mail, outcome);
        break;
      } catch (error) {
        if (!isDatabaseUnavailable(error)) {
          throw error;
        }
        await sleep(NOTE_AGAIN_AFTER_MS, undefined, { ref: false });
      }
    }
    if (outcome.status !== 'queued') {
      this.metrics.mails.inc({ outcome: outcome.status });
    }
  }

  private async noteOnce({ directory_id, id, attempts }: MailInHand, outcome: Outcome): Promise<void> {
    // What was accepted was accepted, whoever has taken the mail in hand meanwhile. Anything else is only ours to say.
    const isOurs = outcome.status === 'sent' ? `status <> 'sent'` : `status = 'sending' AND attempts = $3`;
    await this.dataSource.query(
      `WITH mail AS (
         UPDATE mails SET
           status = $4,
           leased_until = NULL,
           last_error = $5,
           sent_at = CASE WHEN $4 = 'sent' THEN now() END,
           text = CASE WHEN $4 = 'queued' OR code_expires_at IS NULL OR ($4 = 'abandoned' AND code_expires_at > now()) THEN text END
         WHERE directory_id = $1 AND id = $2 AND $3::int IS NOT NULL AND ${isOurs}
         RETURNING directory_id, id, status
       )
       SELECT ${addDeliveryJob('mail', `now() + $6 * interval '1 millisecond'`)} FROM mail WHERE status = 'queued'`,
      [directory_id, id, attempts, outcome.status, 'reason' in outcome ? outcome.reason : null, delayAfter(attempts)],
    );
  }

  /** Of a mail that is over. The key of the hold stays in its row until this is done, so it is done at some time. */
  private async settleHold({ directoryId, mailId }: DeliveryJob): Promise<void> {
    const [mail] = await this.dataSource.query<
      { account_id: number; hold_id: string; message_id: string; is_sent: boolean }[]
    >(
      `SELECT hold_account_id AS account_id, hold_id, message_id, status = 'sent' AS is_sent FROM mails
       WHERE directory_id = $1 AND id = $2 AND hold_id IS NOT NULL AND status IN ('sent', 'abandoned', 'suppressed')`,
      [directoryId, mailId],
    );
    if (!mail) {
      return;
    }
    const hold = { accountId: mail.account_id, id: mail.hold_id };
    await this.holds.settle(hold, mail.is_sent ? 'capture' : 'release', `mail ${mail.message_id}`);
    await this.dataSource.query(
      `UPDATE mails SET hold_account_id = NULL, hold_id = NULL WHERE directory_id = $1 AND id = $2 AND hold_id = $3`,
      [directoryId, mailId, mail.hold_id],
    );
  }
}
