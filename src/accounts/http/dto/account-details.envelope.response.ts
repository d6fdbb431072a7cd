import { wholeSeconds } from '../../../dialects/envelope.dialect.js';
import type { UserNumbers } from '../../../user-numbers/user-numbers.js';
import type { AccountView } from '../../account.view.js';

export class AccountDetailsEnvelopeResponse {
  /** @example 7 */
  id!: number;
  /**
   * Id of the user.
   * @example 42
   */
  user!: number;
  /** @example "aBcDeFg.xYz..." */
  api_key!: string;
  /** @example false */
  system_emails!: boolean;
  /** @example false */
  update_emails!: boolean;
  /** @example false */
  notification_emails!: boolean;
  /** @example "Australia/Brisbane" */
  timezone!: string;
  /**
   * Preference for what happens when an unused collection expires; empty until it is set.
   * @example "notify"
   */
  unused_collection_expired!: string;
  /** @example "2025-01-15T09:00:00Z" */
  created_at!: string;
  /** @example "2026-06-01T12:00:00Z" */
  updated_at!: string;

  static from(
    { account, apiKey }: { account: AccountView; apiKey: string },
    numbers: UserNumbers,
  ): AccountDetailsEnvelopeResponse {
    const user = numbers.of(account);
    return {
      id: account.isManaged ? user : account.accountId,
      user,
      api_key: apiKey,
      system_emails: account.systemEmails,
      update_emails: account.updateEmails,
      notification_emails: account.notificationEmails,
      timezone: account.timezone,
      unused_collection_expired: account.unusedCollectionExpired,
      created_at: wholeSeconds(account.createdAt),
      updated_at: wholeSeconds(account.updatedAt),
    };
  }
}
