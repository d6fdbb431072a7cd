import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Text } from '../../../dialects/request-fields.js';

export class UserIdRpcRequest extends RpcRequest {
  /**
   * The user to logout.
   * @example "user-1"
   */
  @Text({ min: 1, max: 64 })
  user_id!: string;
}
