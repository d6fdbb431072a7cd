import { ApiProperty } from '@nestjs/swagger';
import { SessionRpcResponse } from './session.rpc.response.js';

export class VerifyTokenRpcResponse {
  /**
   * Whether the token was good. It is not any more.
   * @example true
   */
  is_valid!: boolean;

  /**
   * Empty when it was.
   * @example ""
   */
  message!: string;

  /** A new session of the user whom the link was sent to; null when the token was not good. */
  @ApiProperty({ oneOf: [{ $ref: '#/components/schemas/SessionRpcResponse' }, { type: 'null' }] })
  session!: SessionRpcResponse | null;
}
