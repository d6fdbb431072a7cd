import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  ForeignKey,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Unique,
  UpdateDateColumn,
} from 'typeorm';

@Entity('accounts')
@Unique('accounts_user_key', ['directoryId', 'userId'])
@Check('accounts_managed_id_check', `"directory_id" = 0 OR "id" = "user_id"`)
@ForeignKey('User', ['directoryId', 'userId'], ['directoryId', 'id'], {
  name: 'accounts_user_fkey',
  onDelete: 'CASCADE',
})
export class Account {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'accounts_pkey' })
  directoryId!: number;

  /** Drawn by people of the platform alone: it must not tell how many users others manage. A managed user's is the user's own. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'accounts_pkey',
  })
  id!: number;

  @Column('bigint', { name: 'user_id' })
  userId!: number;

  /** IANA name. */
  @Column('text', { default: 'UTC' })
  timezone!: string;

  @Column('boolean', { name: 'system_emails', default: false })
  systemEmails!: boolean;

  @Column('boolean', { name: 'update_emails', default: false })
  updateEmails!: boolean;

  @Column('boolean', { name: 'notification_emails', default: false })
  notificationEmails!: boolean;

  @Column('text', { name: 'unused_collection_expired', default: '' })
  unusedCollectionExpired!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
