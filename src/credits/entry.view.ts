import type { Entry, EntryKind } from './entry.entity.js';

export interface EntryView {
  accountId: number;
  sequence: number;
  kind: EntryKind;
  operation: string;
  amount: number;
  usedChange: number;
  frozenChange: number;
  balanceAfter: number;
  reference: string | null;
  requestId: string | null;
  createdAt: Date;
}

export function entryView(row: Entry): EntryView {
  return {
    accountId: row.accountId,
    sequence: row.sequence,
    kind: row.kind,
    operation: row.operation,
    amount: row.amount,
    usedChange: row.usedChange,
    frozenChange: row.frozenChange,
    balanceAfter: row.balanceAfter,
    reference: row.reference,
    requestId: row.requestId,
    createdAt: row.createdAt,
  };
}
