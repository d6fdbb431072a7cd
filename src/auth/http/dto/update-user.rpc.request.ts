import { RpcRequest } from '../../../dialects/rpc.request.js';
import { TextMap } from '../../../dialects/rpc-fields.js';
import { Optional, Text } from '../../../dialects/request-fields.js';

export class UpdateUserRpcRequest extends RpcRequest {
  /**
   * The new email address.
   * @example "joe+2@example.com"
   */
  @Optional()
  @Text({ max: 320 })
  email?: string;

  /**
   * The account id.
   * @example "user-1"
   */
  @Text({ min: 1, max: 64 })
  id!: string;

  /** The user profile as map<string,string>, of up to 16,384 characters. Replaces the old one as a whole. */
  @Optional()
  @TextMap()
  profile?: Record<string, string>;

  /** The new username. */
  @Optional()
  @Text({ max: 320 })
  username?: string;
}
