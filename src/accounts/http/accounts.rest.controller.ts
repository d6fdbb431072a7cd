import { Get, Query } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { RestResult } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { AccountsService } from '../accounts.service.js';
import { MeRestResponse } from './dto/me.rest.response.js';

@RestController('Users', 'users/me')
export class AccountsRestController {
  constructor(private readonly accounts: AccountsService) {}

  /** Get current user: the authenticated user's profile and access token. */
  @Get()
  @ForUsers()
  @RestResult(MeRestResponse)
  async getCurrentUser(@CurrentPrincipal() principal: Principal, @Query() _: NoFieldsRequest): Promise<MeRestResponse> {
    return MeRestResponse.from(await this.accounts.me(principal));
  }
}
