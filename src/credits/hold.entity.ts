import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export type HoldStatus = 'held' | 'captured' | 'released' | 'expired';

/** Credits that are frozen for something that is still to happen. */
@Entity('holds')
@Index('holds_id', ['id'])
@Index('holds_newest', ['accountId', 'createdAt', 'id'])
@Index('holds_open', ['accountId', 'expiresAt'], { where: `status = 'held'` })
@Index('holds_expiring', ['expiresAt'], { where: `status = 'held'` })
@Check('holds_status_check', `"status" IN ('held', 'captured', 'released', 'expired')`)
@Check('holds_amount_check', `"amount" > 0 AND "captured" BETWEEN 0 AND "amount"`)
@Check('holds_captured_check', `("status" = 'captured') = ("captured" > 0)`)
@Check('holds_carried_check', `"carried" BETWEEN 0 AND "amount"`)
@Check('holds_settled_check', `("status" = 'held') = ("settled_at" IS NULL)`)
export class Hold {
  @PrimaryColumn('bigint', { name: 'account_id', primaryKeyConstraintName: 'holds_pkey' })
  accountId!: number;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'holds_pkey' })
  id!: string;

  @Column('text')
  operation!: string;

  @Column('bigint')
  amount!: number;

  /** What of it was spent; the rest went back. */
  @Column('bigint', { default: 0 })
  captured!: number;

  /** What of it is allowance of a period that has ended: it can still be captured, and lapses when it is given back. */
  @Column('bigint', { default: 0 })
  carried!: number;

  @Column('text', { default: 'held' })
  status!: HoldStatus;

  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** In milliseconds, so that a cursor can name it. */
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt!: Date | null;
}
