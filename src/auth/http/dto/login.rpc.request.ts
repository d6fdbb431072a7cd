import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Optional, PasswordText, Text } from '../../../dialects/request-fields.js';

export class LoginRpcRequest extends RpcRequest {
  /**
   * The email address of the user.
   * @example "joe@example.com"
   */
  @Optional()
  @Text({ max: 320 })
  email?: string;

  /**
   * The password of the user.
   * @example "Password1"
   */
  @PasswordText()
  password!: string;

  /** The username of the user. Counts where both are given. */
  @Optional()
  @Text({ max: 320 })
  username?: string;
}
