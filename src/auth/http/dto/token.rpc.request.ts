import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Text } from '../../../dialects/request-fields.js';

export class TokenRpcRequest extends RpcRequest {
  /**
   * The token from the email.
   * @example "3nTqcVWpKbX8fGh2sLr7Ya"
   */
  @Text({ min: 1, max: 255 })
  token!: string;
}
