import type { Person } from '../../../route-policy/principal.js';
import { partsOfName } from '../../../users/user.view.js';

export class MeRestResponse {
  /** @example "abc123" */
  external_id: string;
  /** @example "user@example.com" */
  email: string;
  /** @example true */
  email_verified: boolean;
  /**
   * The email address where no username was chosen.
   * @example "user"
   */
  username: string;
  /** @example "John" */
  first_name: string;
  /** @example "Doe" */
  last_name: string;
  /** @example true */
  is_authenticated: boolean;
  /** @example "NhqPaZgfmRLxcBvYS..." */
  access_token: string;

  /** An instance of a class: in a plain object Nest looks for streams. */
  constructor(person: Person, accessToken: string) {
    const { firstName, lastName } = partsOfName(person.name);
    this.external_id = person.externalId;
    this.email = person.email;
    this.email_verified = person.isEmailVerified;
    this.username = person.username;
    this.first_name = firstName;
    this.last_name = lastName;
    this.is_authenticated = true;
    this.access_token = accessToken;
  }
}
