import { Lines, Optional, Text } from '../../../dialects/request-fields.js';
import { CodeMailRpcRequest, TEXT_CONTENT_LENGTH_MAX } from './code-mail.rpc.request.js';

export class SendMagicLinkRpcRequest extends CodeMailRpcRequest {
  /**
   * Your web site address: a host, and a port if need be. The link begins with `https://`.
   * @example "www.example.com"
   */
  @Text({ min: 1, max: 255 })
  address!: string;

  /**
   * The path below your address that handles the link; the token is its last part. Have it call VerifyToken.
   * @example "verifytoken"
   */
  @Text({ min: 1, max: 255 })
  endpoint!: string;

  /**
   * Text content of the email. `$micro_verification_link` in it, which must not be missing, is replaced by the link;
   * nothing else is. There is a usual text.
   * @example "Hi there,\n\nClick here to log in: $micro_verification_link"
   */
  @Optional()
  @Lines({ max: TEXT_CONTENT_LENGTH_MAX })
  text_content?: string;
}
