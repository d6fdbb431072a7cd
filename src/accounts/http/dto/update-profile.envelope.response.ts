import { wholeSeconds } from '../../../dialects/envelope.dialect.js';
import type { UserNumbers } from '../../../user-numbers/user-numbers.js';
import type { UserView } from '../../../users/user.view.js';
import type { AccountView } from '../../account.view.js';
import type { UpdateProfileEnvelopeRequest } from './update-profile.envelope.request.js';

export class UpdateProfileEnvelopeResponse {
  /** @example 42 */
  id!: number;
  /** @example "Alice Smith" */
  name!: string;
  /** @example "alice@example.com" */
  email!: string;
  /** @example "Australia/Brisbane" */
  timezone!: string;
  /** @example true */
  notification_emails!: boolean;
  /** Present when the request changed it. */
  system_emails?: boolean;
  /** Present when the request changed it. */
  update_emails?: boolean;
  /** Present when the request changed it. */
  unused_collection_expired?: string;
  /** @example "2026-06-20T08:00:00Z" */
  updated_at!: string;

  static from(
    { user, account }: { user: UserView; account: AccountView },
    request: UpdateProfileEnvelopeRequest,
    numbers: UserNumbers,
  ): UpdateProfileEnvelopeResponse {
    const latest = user.updatedAt > account.updatedAt ? user.updatedAt : account.updatedAt;
    return {
      id: numbers.of(user),
      name: user.name,
      email: user.email,
      timezone: account.timezone,
      notification_emails: account.notificationEmails,
      ...(request.system_emails === undefined ? {} : { system_emails: account.systemEmails }),
      ...(request.update_emails === undefined ? {} : { update_emails: account.updateEmails }),
      ...(request.unused_collection_expired === undefined
        ? {}
        : { unused_collection_expired: account.unusedCollectionExpired }),
      updated_at: wholeSeconds(latest),
    };
  }
}
