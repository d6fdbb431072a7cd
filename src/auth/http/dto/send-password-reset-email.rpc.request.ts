import { Lines, Optional } from '../../../dialects/request-fields.js';
import { RpcInteger } from '../../../dialects/rpc-fields.js';
import { CodeMailRpcRequest, TEXT_CONTENT_LENGTH_MAX } from './code-mail.rpc.request.js';

export class SendPasswordResetEmailRpcRequest extends CodeMailRpcRequest {
  /**
   * Number of secs that the code is valid for, defaults to 1800 secs (30 mins); at most a day.
   * @example 1800
   */
  @Optional()
  @RpcInteger({ min: 1, max: 86_400 })
  expiration?: number;

  /**
   * Text content of the email. `$code` in it, which must not be missing, is replaced by the code; nothing else is. There
   * is a usual text.
   * @example "Hi there,\n\nYour code to reset your password: $code"
   */
  @Optional()
  @Lines({ max: TEXT_CONTENT_LENGTH_MAX })
  text_content?: string;
}
