import { UsersCredentialsLedger1790000000000 } from './1790000000000-users-credentials-ledger.js';
import { LedgerOperations1791000000000 } from './1791000000000-ledger-operations.js';
import { MailDelivery1792000000000 } from './1792000000000-mail-delivery.js';
import { ManagedDirectories1793000000000 } from './1793000000000-managed-directories.js';
import { Codes1794000000000 } from './1794000000000-codes.js';
import { UserCounts1795000000000 } from './1795000000000-user-counts.js';
import { CallerInOneLookup1796000000000 } from './1796000000000-caller-in-one-lookup.js';
import { MailsOfDeletedUsers1797000000000 } from './1797000000000-mails-of-deleted-users.js';
import { TextsUntilCodesExpire1798000000000 } from './1798000000000-texts-until-codes-expire.js';
import { ManagedAccountIds1799000000000 } from './1799000000000-managed-account-ids.js';
import { UserNumbers1800000000000 } from './1800000000000-user-numbers.js';
import { CallerInTwoRows1801000000000 } from './1801000000000-caller-in-two-rows.js';

/** Every migration, oldest first. `npm run migration:generate` writes the file; its class is added here by hand. */
export const MIGRATIONS = [
  UsersCredentialsLedger1790000000000,
  LedgerOperations1791000000000,
  MailDelivery1792000000000,
  ManagedDirectories1793000000000,
  Codes1794000000000,
  UserCounts1795000000000,
  CallerInOneLookup1796000000000,
  MailsOfDeletedUsers1797000000000,
  TextsUntilCodesExpire1798000000000,
  ManagedAccountIds1799000000000,
  UserNumbers1800000000000,
  CallerInTwoRows1801000000000,
];
