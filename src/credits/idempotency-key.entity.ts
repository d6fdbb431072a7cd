import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What became of an operation that was sent with an `Idempotency-Key`, so that it can be answered again. Kept for 24 hours. */
@Entity('idempotency_keys')
@Index('idempotency_keys_created_at', ['createdAt'])
export class IdempotencyKey {
  /** Whose key it is: the caller's account, not the one that pays. */
  @PrimaryColumn('bigint', { name: 'account_id', primaryKeyConstraintName: 'idempotency_keys_pkey' })
  accountId!: number;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  key!: string;

  /** Digest of the operation: the same key with another one is refused. */
  @Column('text')
  fingerprint!: string;

  @Column('jsonb')
  outcome!: unknown;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
