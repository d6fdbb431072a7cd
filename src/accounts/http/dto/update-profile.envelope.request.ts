import { IsBoolean } from 'class-validator';
import { Optional, Text } from '../../../dialects/request-fields.js';

export class UpdateProfileEnvelopeRequest {
  /**
   * Display name.
   * @example "Alice Smith"
   */
  @Optional()
  @Text({ max: 200 })
  name?: string;

  /**
   * Login email address. Changing this value changes the login credential immediately.
   * @example "alice@example.com"
   */
  @Optional()
  @Text({ min: 1, max: 320 })
  email?: string;

  /**
   * IANA time zone.
   * @example "Australia/Brisbane"
   */
  @Optional()
  @Text({ min: 1, max: 64 })
  timezone?: string;

  /**
   * Opt in or out of system emails.
   * @example true
   */
  @Optional()
  @IsBoolean()
  system_emails?: boolean;

  /**
   * Opt in or out of product update emails.
   * @example true
   */
  @Optional()
  @IsBoolean()
  update_emails?: boolean;

  /**
   * Opt in or out of notification emails.
   * @example true
   */
  @Optional()
  @IsBoolean()
  notification_emails?: boolean;

  /**
   * What is to happen when an unused collection expires.
   * @example "notify"
   */
  @Optional()
  @Text({ max: 64 })
  unused_collection_expired?: string;
}
