import { PasswordText, Text } from '../../../dialects/request-fields.js';

export class LoginEnvelopeRequest {
  /**
   * Registered email address.
   * @example "alice@example.com"
   */
  @Text({ max: 320 })
  email!: string;

  /**
   * Account password, as it is typed.
   * @example "S3cur3p@ss"
   */
  @PasswordText()
  password!: string;
}
