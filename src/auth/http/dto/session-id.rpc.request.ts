import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Text } from '../../../dialects/request-fields.js';

export class SessionIdRpcRequest extends RpcRequest {
  /**
   * The unique session id.
   * @example "df91a612-5b24-4634-99ff-240220ab8f55"
   */
  @Text({ min: 1, max: 64 })
  session_id!: string;
}
