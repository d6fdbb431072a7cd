import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { Optional, Text } from '../../../dialects/request-fields.js';

/** The example is that of the published page: fields that it does not have carry none. */
export class UpdateProfileEnvelopeRequest {
  /**
   * Display name.
   * @example "Alice Smith"
   */
  @Optional()
  @Text({ max: 200 })
  name?: string;

  /** Login email address. Changing this value changes the login credential immediately. */
  @Optional()
  @Text({ min: 1, max: 320 })
  @ApiProperty({ format: 'email' })
  email?: string;

  /**
   * IANA timezone identifier, e.g. `Australia/Brisbane`.
   * @example "Australia/Brisbane"
   */
  @Optional()
  @Text({ min: 1, max: 64 })
  timezone?: string;

  /** Opt in or out of system notification emails. */
  @Optional()
  @IsBoolean()
  system_emails?: boolean;

  /** Opt in or out of product update emails. */
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

  /** Preference for what happens when an unused collection expires: free text. */
  @Optional()
  @Text({ max: 64 })
  unused_collection_expired?: string;
}
