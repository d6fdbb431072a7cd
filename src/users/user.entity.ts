import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Unique,
  UpdateDateColumn,
} from 'typeorm';
import type { Role } from '../route-policy/principal.js';

const KEPT_BY_DATABASE = { select: false, insert: false, update: false };

@Entity('users')
@Unique('users_external_id_key', ['directoryId', 'externalId'])
@Unique('users_email_key', ['directoryId', 'email'])
@Unique('users_username_key', ['directoryId', 'username'])
@Index('users_administrators', ['directoryId'], { where: `role = 'admin'` })
@Check('users_role_check', `"role" IN ('user', 'admin')`)
export class User {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'users_pkey' })
  directoryId!: number;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'users_pkey',
  })
  id!: number;

  @Column('text', { name: 'external_id' })
  externalId!: string;

  /** Canonical form: what is unique and what a login is matched with. */
  @Column('text')
  email!: string;

  /** As its owner typed it: what mails are sent to. */
  @Column('text', { name: 'email_as_given' })
  emailAsGiven!: string;

  @Column('timestamptz', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column('text', { nullable: true })
  username!: string | null;

  @Column('text', { default: '' })
  name!: string;

  /**
   * What the owner of the directory keeps about the person, as the text of a JSON object: to see what has changed, TypeORM
   * calls methods of objects, which keys such as `hasOwnProperty` would hide.
   */
  @Column('jsonb', { default: {}, transformer: { to: JSON.parse, from: JSON.stringify } })
  profile!: string;

  @Column('text', { default: 'user' })
  role!: Role;

  /** Set by the operator: no credential and no password of this user is accepted from then on. */
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  // Of their account and access token, for the guard. Kept by triggers on those tables; see docs/adr/0015-the-hot-path.md.

  @Column('bigint', { name: 'account_id', nullable: true, ...KEPT_BY_DATABASE })
  accountId?: number | null;

  @Column('text', { name: 'access_token_id', nullable: true, ...KEPT_BY_DATABASE })
  accessTokenId?: string | null;

  @Column('text', { name: 'access_token_key_version', nullable: true, ...KEPT_BY_DATABASE })
  accessTokenKeyVersion?: string | null;
}
