import { ApiProperty } from '@nestjs/swagger';
import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Optional, Text } from '../../../dialects/request-fields.js';

export class ReadUserRpcRequest extends RpcRequest {
  /** The account email. */
  @Optional()
  @Text({ max: 320 })
  @ApiProperty({ format: 'email' })
  email?: string;

  /**
   * The account id.
   * @example "user-1"
   */
  @Optional()
  @Text({ max: 64 })
  id?: string;

  /** The account username. */
  @Optional()
  @Text({ max: 320 })
  username?: string;
}
