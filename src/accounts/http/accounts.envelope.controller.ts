import { Post } from '@nestjs/common';
import { EnvelopeController } from '../../dialects/dialect-controllers.js';
import { EnvelopeResult, Refuses } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { UserNumbers } from '../../user-numbers/user-numbers.js';
import { EmailAlreadyRegistered, InvalidEmail } from '../../users/users.errors.js';
import { UnknownTimezone } from '../accounts.errors.js';
import { AccountsService } from '../accounts.service.js';
import { AccountDetailsEnvelopeResponse } from './dto/account-details.envelope.response.js';
import { UpdateProfileEnvelopeRequest } from './dto/update-profile.envelope.request.js';
import { UpdateProfileEnvelopeResponse } from './dto/update-profile.envelope.response.js';

@EnvelopeController('Users')
export class AccountsEnvelopeController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly numbers: UserNumbers,
  ) {}

  /**
   * Update profile: partially update profile fields and email preferences.
   *
   * A changed email is the new login at once and is not verified; the old address gets a mail.
   */
  @Post('profile/update')
  @ForUsers()
  @EnvelopeResult(UpdateProfileEnvelopeResponse)
  @Refuses(new InvalidEmail(), new UnknownTimezone(), new EmailAlreadyRegistered())
  async updateProfile(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: UpdateProfileEnvelopeRequest,
  ): Promise<UpdateProfileEnvelopeResponse> {
    const changed = await this.accounts.updateProfile(principal, {
      user: { name: body.name, email: body.email },
      account: {
        timezone: body.timezone,
        systemEmails: body.system_emails,
        updateEmails: body.update_emails,
        notificationEmails: body.notification_emails,
        unusedCollectionExpired: body.unused_collection_expired,
      },
    });
    return UpdateProfileEnvelopeResponse.from(changed, body, this.numbers);
  }

  /** Get account details: the user's account, including the API key and email preferences. */
  @Post('account-details')
  @ForUsers()
  @EnvelopeResult(AccountDetailsEnvelopeResponse)
  async getAccountDetails(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() _: NoFieldsRequest,
  ): Promise<AccountDetailsEnvelopeResponse> {
    return AccountDetailsEnvelopeResponse.from(await this.accounts.details(principal), this.numbers);
  }
}
