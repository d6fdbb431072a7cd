import { PLATFORM_DIRECTORY_ID } from '../route-policy/principal.js';
import type { Account } from './account.entity.js';

export interface AccountView {
  accountId: number;
  /** Then it has the id of its user. */
  isManaged: boolean;
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
    isManaged: row.directoryId !== PLATFORM_DIRECTORY_ID,
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
