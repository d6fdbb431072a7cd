import { Optional, PasswordText, Text } from '../../../dialects/request-fields.js';

export class SignUpRestRequest {
  /** @example "alice@example.com" */
  @Text({ min: 1, max: 320 })
  email!: string;

  /**
   * 8 to 256 characters, not a common one, not the email or the name.
   * @example "S3cur3p@ss"
   */
  @PasswordText()
  password!: string;

  /**
   * Display name.
   * @example "Alice Smith"
   */
  @Optional()
  @Text({ max: 200 })
  name?: string;

  /**
   * 1 to 64 letters, digits, dots, hyphens or underscores, or your own email address.
   * @example "alice"
   */
  @Optional()
  @Text({ max: 320 })
  username?: string;
}
