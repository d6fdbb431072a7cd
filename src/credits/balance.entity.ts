import { Check, Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** What an account has, in credits (1 credit = 0.000001 USD). The sums of its entries, kept at hand. */
@Entity('balances')
@Check('balances_used_check', `"used" >= 0`)
@Check('balances_frozen_check', `"frozen" >= 0`)
@Check('balances_granted_check', `"allowance" >= 0 AND "top_up" >= 0`)
@Check('balances_spendable_check', `"used" + "frozen" <= "allowance" + "top_up"`)
@Check('balances_range_check', `"allowance" + "top_up" <= 9007199254740991`)
@Check('balances_open_holds_check', `"open_holds" BETWEEN 0 AND 10000`)
export class Balance {
  @PrimaryColumn('bigint', { name: 'account_id', primaryKeyConstraintName: 'balances_pkey' })
  accountId!: number;

  /** Granted for this period, and what holds have carried over from the last one; lapses at its end. */
  @Column('bigint', { default: 0 })
  allowance!: number;

  /** Bought or given; does not lapse. */
  @Column('bigint', { name: 'top_up', default: 0 })
  topUp!: number;

  @Column('bigint', { default: 0 })
  used!: number;

  @Column('bigint', { default: 0 })
  frozen!: number;

  /** Number of the latest entry. */
  @Column('bigint', { default: 0 })
  sequence!: number;

  /** Of the entry with which the last period was closed: what was used up to it no longer counts as used. */
  @Column('bigint', { name: 'used_since', default: 0 })
  usedSince!: number;

  /** Bounded, so that what is due at once is. */
  @Column('integer', { name: 'open_holds', default: 0 })
  openHolds!: number;

  @Column('timestamptz', { name: 'period_end' })
  periodEnd!: Date;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
