import type { OpenedSession } from '../../../tokens/tokens.service.js';
import type { UserNumbers } from '../../../user-numbers/user-numbers.js';
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
   * @example "9a8b7c6d5e4f..."
   */
  token!: string;
  user!: LoginUserEnvelopeResponse;

  static from(
    { user, session }: { user: UserView; session: OpenedSession },
    numbers: UserNumbers,
  ): LoginEnvelopeResponse {
    return { token: session.text, user: { id: numbers.of(user), name: user.name, email: user.email } };
  }
}
