import { unixSeconds } from '../../../dialects/rpc.dialect.js';
import type { OpenedSession } from '../../../tokens/tokens.service.js';
import type { UserView } from '../../../users/user.view.js';
import { AccountRpcResponse } from './account.rpc.response.js';

export class SessionRpcResponse {
  /**
   * The credential itself: what your user shows from now on.
   * @example "tgs3nTqcVWpKbX8fGh2sLr7Ya4K0mZRw9dEuJxB6Hv1CiQoNyP5"
   */
  id!: string;
  /**
   * Unix time.
   * @example "1623677579"
   */
  created!: string;
  /**
   * Unix time.
   * @example "1624282379"
   */
  expires!: string;
  /** @example "8b98acbe-0b6a-4d66-a414-5ffbf666786f" */
  userId!: string;

  static from(session: Pick<OpenedSession, 'text' | 'createdAt' | 'expiresAt'>, user: UserView): SessionRpcResponse {
    return {
      id: session.text,
      created: unixSeconds(session.createdAt),
      expires: unixSeconds(session.expiresAt),
      userId: user.externalId,
    };
  }
}

export class SessionResultRpcResponse {
  session!: SessionRpcResponse;
}

export class SessionAndAccountRpcResponse {
  session!: SessionRpcResponse;
  account!: AccountRpcResponse;
}
