import {
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
@ForeignKey('User', ['directoryId', 'userId'], ['directoryId', 'id'], {
  name: 'accounts_user_fkey',
  onDelete: 'CASCADE',
})
export class Account {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'accounts_pkey' })
  directoryId!: number;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
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
