import type { Hold, HoldStatus } from './hold.entity.js';

export interface HoldView {
  id: string;
  accountId: number;
  operation: string;
  amount: number;
  captured: number;
  status: HoldStatus;
  reference: string | null;
  expiresAt: Date;
  createdAt: Date;
}

export function holdView(row: Hold): HoldView {
  return {
    id: row.id,
    accountId: row.accountId,
    operation: row.operation,
    amount: row.amount,
    captured: row.captured,
    status: row.status,
    reference: row.reference,
    expiresAt: row.expiresAt,
    createdAt: row.createdAt,
  };
}
