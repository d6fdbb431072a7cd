import { Lines, Optional, Text } from '../../../dialects/request-fields.js';
import { CodeMailRpcRequest, TEXT_CONTENT_LENGTH_MAX } from './code-mail.rpc.request.js';

export class SendVerificationEmailRpcRequest extends CodeMailRpcRequest {
  /**
   * The url to redirect to in case of failure: http or https, without a user name. A plain page says so otherwise.
   * @example "https://example.com/verification-failed"
   */
  @Optional()
  @Text({ max: 2048 })
  failure_redirect_url?: string;

  /**
   * The url to redirect to after successful verification: http or https, without a user name. A plain page says so
   * otherwise.
   * @example "https://example.com"
   */
  @Optional()
  @Text({ max: 2048 })
  redirect_url?: string;

  /**
   * Text content of the email. `$micro_verification_link` in it, which must not be missing, is replaced by the link;
   * nothing else is. There is a usual text.
   * @example "Hi there,\n\nPlease verify your email by clicking this link: $micro_verification_link"
   */
  @Optional()
  @Lines({ max: TEXT_CONTENT_LENGTH_MAX })
  text_content?: string;
}
