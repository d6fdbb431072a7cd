import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

export type MailCategory = 'security' | 'system' | 'update' | 'notification';

/** A mail on its way, written in the transaction of the change that it announces. */
@Entity('mails')
@Index('mails_user', ['directoryId', 'userId', 'id'])
@Check('mails_category_check', `"category" IN ('security', 'system', 'update', 'notification')`)
export class Mail {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'mails_pkey' })
  directoryId!: number;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'mails_pkey',
  })
  id!: number;

  /** Whom it concerns; not always whom it goes to. */
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  @Column('text')
  category!: MailCategory;

  @Column('text')
  recipient!: string;

  @Column('text')
  subject!: string;

  @Column('text')
  text!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
