import { Post } from '@nestjs/common';
import { EnvelopeController } from '../../dialects/dialect-controllers.js';
import { EnvelopeResult } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts } from '../../route-policy/route-policy.js';
import { UserNumbers } from '../../user-numbers/user-numbers.js';
import { CreditsService } from '../credits.service.js';
import { CreditsEnvelopeResponse } from './dto/credits.envelope.response.js';

@EnvelopeController('Credits')
export class CreditsEnvelopeController {
  constructor(
    private readonly credits: CreditsService,
    private readonly numbers: UserNumbers,
  ) {}

  /** Get credits: the current balance including available, used, and frozen amounts. */
  @Post('credits')
  @ForAccounts()
  @EnvelopeResult(CreditsEnvelopeResponse)
  async getCredits(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() _: NoFieldsRequest,
  ): Promise<CreditsEnvelopeResponse> {
    return CreditsEnvelopeResponse.from(await this.credits.balanceOf({ principal }), this.numbers.of(principal));
  }
}
