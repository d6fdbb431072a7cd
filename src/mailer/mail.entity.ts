import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

export type MailCategory = 'security' | 'system' | 'update' | 'notification';

/**
 * - `queued`: waits for its first or its next attempt
 * - `sending`: some process has it in hand
 * - `sent`: the mail server has accepted it
 * - `abandoned`: it was refused too often, or cannot be sent at all
 * - `suppressed`: its recipient does not want mails of its category
 */
export type MailStatus = 'queued' | 'sending' | 'sent' | 'abandoned' | 'suppressed';

/** A mail on its way, written in the transaction of the change that it announces. */
@Entity('mails')
@Index('mails_user', ['directoryId', 'userId', 'id'])
@Index('mails_newest', ['id'])
@Index('mails_status', ['status', 'id'])
@Check('mails_category_check', `"category" IN ('security', 'system', 'update', 'notification')`)
@Check('mails_status_check', `"status" IN ('queued', 'sending', 'sent', 'abandoned', 'suppressed')`)
@Check('mails_lease_check', `("status" = 'sending') = ("leased_until" IS NOT NULL)`)
@Check('mails_sent_check', `("status" = 'sent') = ("sent_at" IS NOT NULL)`)
@Check('mails_hold_check', `("hold_account_id" IS NULL) = ("hold_id" IS NULL)`)
@Check(
  'mails_text_check',
  `CASE
    WHEN "code_expires_at" IS NULL OR "status" IN ('queued', 'sending') THEN "text" IS NOT NULL
    WHEN "status" IN ('sent', 'suppressed') THEN "text" IS NULL
    ELSE true
  END`,
)
@Index('mails_code_expires_at', ['codeExpiresAt'], { where: `"status" = 'abandoned' AND "text" IS NOT NULL` })
export class Mail {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'mails_pkey' })
  directoryId!: number;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'mails_pkey',
  })
  id!: number;

  /** Whom it concerns; not always whom it goes to. The mail is deleted with them, or as soon as it is over. */
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  @Column('text')
  category!: MailCategory;

  @Column('text')
  recipient!: string;

  /** Display name of the sender; the configured one when null. */
  @Column('text', { name: 'from_name', nullable: true })
  fromName!: string | null;

  @Column('text')
  subject!: string;

  /** Null when it carried a code and was sent, or was given up and the code has expired. */
  @Column('text', { nullable: true })
  text!: string | null;

  /** When the code that it carries expires; null when it carries none. */
  @Column('timestamptz', { name: 'code_expires_at', nullable: true })
  codeExpiresAt!: Date | null;

  /** The same in every attempt, so that a duplicate can be recognised. Random: a number would tell how many mails there are. */
  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('text', { default: 'queued' })
  status!: MailStatus;

  /** How often it was taken in hand. */
  @Column('integer', { default: 0 })
  attempts!: number;

  /** Why the last attempt failed. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;

  /** Whoever is sending it says that they are still alive; after this, it is anybody's. */
  @Column('timestamptz', { name: 'leased_until', nullable: true })
  leasedUntil!: Date | null;

  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt!: Date | null;

  /** The hold that pays for it, until that is settled. */
  @Column('bigint', { name: 'hold_account_id', nullable: true })
  holdAccountId!: number | null;

  @Column('uuid', { name: 'hold_id', nullable: true })
  holdId!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
