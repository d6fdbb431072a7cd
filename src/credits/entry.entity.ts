import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export type EntryKind = 'grant' | 'charge' | 'refund' | 'hold' | 'capture' | 'release' | 'lapse';

/** One immutable line of the ledger. */
@Entity('entries')
@Index('entries_refunds', ['accountId', 'refundedSequence'], { where: 'refunded_sequence IS NOT NULL' })
@Check('entries_kind_check', `"kind" IN ('grant', 'charge', 'refund', 'hold', 'capture', 'release', 'lapse')`)
@Check(
  'entries_changes_check',
  `CASE "kind"
    WHEN 'grant'   THEN "amount" >= 0 AND "used_change" = 0 AND "frozen_change" = 0 AND "allowance_change" IN (0, "amount")
    WHEN 'charge'  THEN "amount" < 0 AND "used_change" = -"amount" AND "frozen_change" = 0 AND "allowance_change" = 0
    WHEN 'refund'  THEN "amount" > 0 AND "used_change" IN (0, -"amount") AND "frozen_change" = 0 AND "allowance_change" = 0
    WHEN 'hold'    THEN "amount" < 0 AND "used_change" = 0 AND "frozen_change" = -"amount" AND "allowance_change" = 0
    WHEN 'capture' THEN "amount" >= 0 AND "used_change" > 0 AND "frozen_change" = -"amount" - "used_change" AND "allowance_change" = 0
    WHEN 'release' THEN "amount" > 0 AND "used_change" = 0 AND "frozen_change" = -"amount" AND "allowance_change" = 0
    WHEN 'lapse'   THEN "amount" <= 0 AND "used_change" <= 0 AND "frozen_change" = 0 AND "allowance_change" <= "amount"
  END`,
)
@Check('entries_balance_after_check', `"balance_after" >= 0 AND "sequence" > 0`)
@Check('entries_refund_check', `("kind" = 'refund') = ("refunded_sequence" IS NOT NULL)`)
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

  /** Signed change of the allowance; what else is granted or lapses concerns top-ups. */
  @Column('bigint', { name: 'allowance_change' })
  allowanceChange!: number;

  /** Spendable after this entry. */
  @Column('bigint', { name: 'balance_after' })
  balanceAfter!: number;

  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** Of a refund: the entry that it gives back. */
  @Column('bigint', { name: 'refunded_sequence', nullable: true })
  refundedSequence!: number | null;
}
