import { wholeSeconds } from '../../../dialects/envelope.dialect.js';
import type { UserNumbers } from '../../../user-numbers/user-numbers.js';
import type { UserView } from '../../user.view.js';

export class ProfileEnvelopeResponse {
  /** @example 42 */
  id!: number;
  /** @example "Alice Smith" */
  name!: string;
  /** @example "alice@example.com" */
  email!: string;
  /** @example "2025-01-15T09:00:00Z" */
  created_at!: string;
  /** @example "2026-06-01T12:00:00Z" */
  updated_at!: string;

  static from(user: UserView, numbers: UserNumbers): ProfileEnvelopeResponse {
    return {
      id: numbers.of(user),
      name: user.name,
      email: user.email,
      created_at: wholeSeconds(user.createdAt),
      updated_at: wholeSeconds(user.updatedAt),
    };
  }
}
