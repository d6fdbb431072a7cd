import { ApiProperty } from '@nestjs/swagger';
import { RpcRequest } from '../../../dialects/rpc.request.js';
import { PasswordText, Text } from '../../../dialects/request-fields.js';

export class ResetPasswordRpcRequest extends RpcRequest {
  /**
   * The code from the email.
   * @example "K7QMX2RW"
   */
  @Text({ min: 1, max: 64 })
  code!: string;

  /**
   * Confirm new password.
   * @example "Password2"
   */
  @PasswordText()
  confirm_password!: string;

  /**
   * The email to reset the password for.
   * @example "joe@example.com"
   */
  @Text({ min: 1, max: 320 })
  @ApiProperty({ format: 'email' })
  email!: string;

  /**
   * The new password: 8 to 256 characters.
   * @example "Password2"
   */
  @PasswordText()
  new_password!: string;
}
