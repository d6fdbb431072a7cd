import { Post } from '@nestjs/common';
import { EnvelopeController } from '../../dialects/dialect-controllers.js';
import { EnvelopeResult } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { UserNumbers } from '../../user-numbers/user-numbers.js';
import { UsersService } from '../users.service.js';
import { ProfileEnvelopeResponse } from './dto/profile.envelope.response.js';

@EnvelopeController('Users')
export class UsersEnvelopeController {
  constructor(
    private readonly users: UsersService,
    private readonly numbers: UserNumbers,
  ) {}

  /** Get profile: the authenticated user's own record. */
  @Post('profile')
  @ForUsers()
  @EnvelopeResult(ProfileEnvelopeResponse)
  async getProfile(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() _: NoFieldsRequest,
  ): Promise<ProfileEnvelopeResponse> {
    return ProfileEnvelopeResponse.from(await this.users.getCaller(principal), this.numbers);
  }
}
