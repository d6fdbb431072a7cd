import type { UserView } from '../../../users/user.view.js';

export class MeRestResponse {
  /** @example "abc123" */
  external_id!: string;
  /** @example "user@example.com" */
  email!: string;
  /** @example true */
  email_verified!: boolean;
  /**
   * The email address where no username was chosen.
   * @example "user"
   */
  username!: string;
  /** @example "John" */
  first_name!: string;
  /** @example "Doe" */
  last_name!: string;
  /** @example true */
  is_authenticated!: boolean;
  /** @example "NhqPaZgfmRLxcBvYS..." */
  access_token!: string;

  static from({ user, accessToken }: { user: UserView; accessToken: string }): MeRestResponse {
    return {
      external_id: user.externalId,
      email: user.email,
      email_verified: user.emailVerifiedAt !== null,
      username: user.username,
      first_name: user.firstName,
      last_name: user.lastName,
      is_authenticated: true,
      access_token: accessToken,
    };
  }
}
