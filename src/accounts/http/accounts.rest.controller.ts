import { Get } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { RestResult } from '../../dialects/documented.js';
import { NoQuery } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { TokensService } from '../../tokens/tokens.service.js';
import { MeRestResponse } from './dto/me.rest.response.js';

@RestController('Users', 'users/me')
export class AccountsRestController {
  constructor(private readonly tokens: TokensService) {}

  /** Get current user: the authenticated user's profile and access token. */
  @Get()
  @ForUsers()
  @RestResult(MeRestResponse)
  async getCurrentUser(@CurrentPrincipal() principal: Principal, @NoQuery() _: void): Promise<MeRestResponse> {
    return new MeRestResponse(principal.person, await this.tokens.accessTokenOf(principal));
  }
}
