import { Column, Entity, ForeignKey, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity('passwords')
@ForeignKey('User', ['directoryId', 'userId'], ['directoryId', 'id'], {
  name: 'passwords_user_fkey',
  onDelete: 'CASCADE',
})
export class Password {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'passwords_pkey' })
  directoryId!: number;

  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'passwords_pkey' })
  userId!: number;

  /** bcrypt, over a keyed digest of the password. */
  @Column('text')
  hash!: string;

  /** Which secret key the digest was made with. */
  @Column('text', { name: 'key_version' })
  keyVersion!: string;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
