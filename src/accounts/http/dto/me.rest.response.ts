import type { Person } from '../../../route-policy/principal.js';
import { partsOfName } from '../../../users/user.view.js';

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

  static from(person: Person, accessToken: string): MeRestResponse {
    const { firstName, lastName } = partsOfName(person.name);
    return {
      external_id: person.externalId,
      email: person.email,
      email_verified: person.isEmailVerified,
      username: person.username,
      first_name: firstName,
      last_name: lastName,
      is_authenticated: true,
      access_token: accessToken,
    };
  }
}
