import type { SessionView } from '../../../tokens/session.view.js';

export class SessionRestResponse {
  /**
   * Names the session; opens nothing.
   * @example "0Kx3uVwq6cX1ZrTq8b2DfA"
   */
  id!: string;
  /** @example "2026-06-20T08:00:00.000Z" */
  created_at!: string;
  /**
   * Exact to the minute.
   * @example "2026-06-20T09:30:00.000Z"
   */
  last_used_at!: string;
  /** @example "2026-06-27T08:00:00.000Z" */
  expires_at!: string;
  /**
   * Where it was opened from.
   * @example "203.0.113.7"
   */
  address!: string | null;
  /** @example "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0" */
  user_agent!: string | null;
  /**
   * Whether it is the one that this request was made with.
   * @example true
   */
  current!: boolean;

  static from(session: SessionView, currentId: string): SessionRestResponse {
    return {
      id: session.id,
      created_at: session.createdAt.toISOString(),
      last_used_at: session.lastUsedAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
      address: session.address,
      user_agent: session.userAgent,
      current: session.id === currentId,
    };
  }
}

export class SessionListRestResponse {
  items!: SessionRestResponse[];
  /**
   * Give it as `cursor` to get what follows; null at the end.
   * @example null
   */
  next_cursor!: string | null;
}
