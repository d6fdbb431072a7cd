import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

export type EntryKind = 'grant' | 'charge' | 'refund' | 'hold' | 'capture' | 'release' | 'lapse';

/** One immutable line of the ledger. */
@Entity('entries')
@Check('entries_kind_check', `"kind" IN ('grant', 'charge', 'refund', 'hold', 'capture', 'release', 'lapse')`)
export class Entry {
  @PrimaryColumn('bigint', { name: 'account_id', primaryKeyConstraintName: 'entries_pkey' })
  accountId!: number;

  /** 1, 2, 3 … within the account, without gaps. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'entries_pkey' })
  sequence!: number;

  /** Decides the partition, and so is part of the key. */
  @PrimaryColumn('timestamptz', {
    name: 'created_at',
    primaryKeyConstraintName: 'entries_pkey',
    default: () => 'now()',
  })
  createdAt!: Date;

  @Column('text')
  kind!: EntryKind;

  /** What it was for, such as `sign-up`. */
  @Column('text')
  operation!: string;

  /** Signed change of what is spendable. */
  @Column('bigint')
  amount!: number;

  @Column('bigint', { name: 'used_change', default: 0 })
  usedChange!: number;

  @Column('bigint', { name: 'frozen_change', default: 0 })
  frozenChange!: number;

  /** Spendable after this entry. */
  @Column('bigint', { name: 'balance_after' })
  balanceAfter!: number;

  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;
}
