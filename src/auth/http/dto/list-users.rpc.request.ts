import { RpcRequest } from '../../../dialects/rpc.request.js';
import { RpcInteger } from '../../../dialects/rpc-fields.js';
import { Optional } from '../../../dialects/request-fields.js';

export class ListUsersRpcRequest extends RpcRequest {
  /**
   * Maximum number of records to return. Default limit is 25. Maximum limit is 1000. Anything higher will return an error.
   * @example 25
   */
  @Optional()
  @RpcInteger({ min: 1, max: 1000 })
  limit: number = 25;

  /** How many users to pass over, in the order in which they were created. */
  @Optional()
  @RpcInteger({ min: 0, max: Number.MAX_SAFE_INTEGER })
  offset: number = 0;
}
