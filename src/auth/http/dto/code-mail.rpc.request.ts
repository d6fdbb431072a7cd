import { ApiProperty } from '@nestjs/swagger';
import { RpcRequest } from '../../../dialects/rpc.request.js';
import { Optional, Text } from '../../../dialects/request-fields.js';

/** What the requests for a mail with a code have in common. */
export abstract class CodeMailRpcRequest extends RpcRequest {
  /**
   * The email address of the user.
   * @example "joe@example.com"
   */
  @Text({ min: 1, max: 320 })
  @ApiProperty({ format: 'email' })
  email!: string;

  /**
   * Display name of the sender for the email: a plain name, without `, ; : < > @ " \` and `=?`. The address stays that
   * of the server.
   * @example "Awesome Dot Com"
   */
  @Optional()
  @Text({ max: 100 })
  from_name?: string;

  /**
   * Subject of the email, without `=?`. There is a usual one.
   * @example "Welcome"
   */
  @Optional()
  @Text({ max: 255 })
  subject?: string;
}

export const TEXT_CONTENT_LENGTH_MAX = 50_000;
