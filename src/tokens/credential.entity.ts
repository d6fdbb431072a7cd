import { Check, Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { CredentialKind } from '../route-policy/principal.js';

/** A credential without its secret: that is derived from the id and the signing key whenever it is needed. */
@Entity('credentials')
@Index('credentials_one_per_kind', ['directoryId', 'userId', 'kind'], {
  unique: true,
  where: `kind IN ('api_key', 'access_token')`,
})
@Index('credentials_user', ['directoryId', 'userId', 'createdAt', 'id'])
@Check('credentials_kind_check', `"kind" IN ('api_key', 'access_token', 'session')`)
@Check('credentials_expiry_check', `("kind" = 'session') = ("expires_at" IS NOT NULL)`)
@ForeignKey('User', ['directoryId', 'userId'], ['directoryId', 'id'], {
  name: 'credentials_user_fkey',
  onDelete: 'CASCADE',
})
export class Credential {
  /** 128 random bits in base62. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'credentials_pkey' })
  id!: string;

  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'credentials_pkey' })
  directoryId!: number;

  @Column('bigint', { name: 'user_id' })
  userId!: number;

  @Column('text')
  kind!: CredentialKind;

  /** Which signing key its text is made with. */
  @Column('text', { name: 'key_version' })
  keyVersion!: string;

  /** Milliseconds, because it travels in cursors, and JavaScript's dates hold no more. */
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  /** Sessions only; null for what lives until it is rotated. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** Exact to the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  /** Where the session was opened from. */
  @Column('text', { nullable: true })
  address!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;
}
