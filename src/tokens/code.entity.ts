import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { CodePurpose } from './code-text.js';

/** The newest code of a user for a purpose, without the code: what is kept of it is a keyed digest. */
@Entity('codes')
@Unique('codes_digest_key', ['digest', 'directoryId'])
@Index('codes_expires_at', ['expiresAt'])
@Check('codes_purpose_check', `"purpose" IN ('email_verification', 'password_reset', 'magic_link')`)
@ForeignKey('User', ['directoryId', 'userId'], ['directoryId', 'id'], { name: 'codes_user_fkey', onDelete: 'CASCADE' })
export class Code {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'codes_pkey' })
  directoryId!: number;

  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'codes_pkey' })
  userId!: number;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'codes_pkey' })
  purpose!: CodePurpose;

  /** The address that it was sent to, in canonical form: the only one that it proves anything about. */
  @Column('text')
  email!: string;

  @Column('text')
  digest!: string;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When it was used for the first time. */
  @Column('timestamptz', { name: 'redeemed_at', nullable: true })
  redeemedAt!: Date | null;

  /** Of this code and of those before it in the same window. */
  @Column('integer', { name: 'wrong_tries', default: 0 })
  wrongTries!: number;

  /** When the window of the wrong tries ends; null before the first. */
  @Column('timestamptz', { name: 'wrong_tries_until', nullable: true })
  wrongTriesUntil!: Date | null;
}
