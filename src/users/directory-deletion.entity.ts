import { CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A directory whose owner is gone, until its users are. */
@Entity('directory_deletions')
export class DirectoryDeletion {
  @PrimaryColumn('bigint', { name: 'directory_id', primaryKeyConstraintName: 'directory_deletions_pkey' })
  directoryId!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
