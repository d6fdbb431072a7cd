import type { OpenedSession } from '../../../tokens/tokens.service.js';
import type { UserView } from '../../../users/user.view.js';

export class LoginUserEnvelopeResponse {
  /** @example 42 */
  id!: number;
  /** @example "Alice Smith" */
  name!: string;
  /** @example "alice@example.com" */
  email!: string;
}

export class LoginEnvelopeResponse {
  /**
   * The session. Send it as `Authorization: Bearer …`, `x-api-key` or `X-Session-Token`.
   * @example "tgs9a8b7c6d5e4f9a8b7c6d5e9a8b7c6d5e4f9a8b7c6d5e"
   */
  token!: string;
  user!: LoginUserEnvelopeResponse;

  static from({ user, session }: { user: UserView; session: OpenedSession }): LoginEnvelopeResponse {
    return { token: session.text, user: { id: user.userId, name: user.name, email: user.email } };
  }
}
