import { ApiProperty } from '@nestjs/swagger';
import { RpcRequest } from '../../../dialects/rpc.request.js';
import { PasswordText, Text } from '../../../dialects/request-fields.js';

export class UpdatePasswordRpcRequest extends RpcRequest {
  /**
   * Confirm new password.
   * @example "Password2"
   */
  @PasswordText()
  confirm_password!: string;

  /**
   * The new password: 8 to 256 characters.
   * @example "Password2"
   */
  @PasswordText()
  new_password!: string;

  /**
   * The old password.
   * @example "Password1"
   */
  @PasswordText()
  old_password!: string;

  /**
   * The account id.
   * @example "user-1"
   */
  @Text({ min: 1, max: 64 })
  @ApiProperty({ name: 'userId' })
  user_id!: string;
}
