import type { Account } from './account.entity.js';

export interface AccountView {
  accountId: number;
  userId: number;
  timezone: string;
  systemEmails: boolean;
  updateEmails: boolean;
  notificationEmails: boolean;
  unusedCollectionExpired: string;
  createdAt: Date;
  updatedAt: Date;
}

export function accountView(row: Account): AccountView {
  return {
    accountId: row.id,
    userId: row.userId,
    timezone: row.timezone,
    systemEmails: row.systemEmails,
    updateEmails: row.updateEmails,
    notificationEmails: row.notificationEmails,
    unusedCollectionExpired: row.unusedCollectionExpired,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
