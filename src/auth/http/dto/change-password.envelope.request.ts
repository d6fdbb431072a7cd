import { PasswordText } from '../../../dialects/request-fields.js';

export class ChangePasswordEnvelopeRequest {
  /**
   * The user's current password.
   * @example "S3cur3p@ss"
   */
  @PasswordText()
  old_password!: string;

  /**
   * The desired new password: 8 to 256 characters, not a common one, not the email or the name.
   * @example "N3wp@ss!"
   */
  @PasswordText()
  new_password!: string;
}
