import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Text } from '../../../dialects/request-fields.js';

export class DeleteUserRpcRequest extends RpcRequest {
  /**
   * The account id.
   * @example "user-1"
   */
  @Text({ min: 1, max: 64 })
  id!: string;
}
