import { Get, Post } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { RestResult } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { NoQuery, RequestBody } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { TokensService } from '../tokens.service.js';
import { AccessTokenRestResponse } from './dto/access-token.rest.response.js';

@RestController('Users', 'users/me/token')
export class TokensRestController {
  constructor(private readonly tokens: TokensService) {}

  /** Get access token: only the access token, for instance to read it from a web app. */
  @Get()
  @ForUsers()
  @RestResult(AccessTokenRestResponse)
  async getAccessToken(@CurrentPrincipal() principal: Principal, @NoQuery() _: void): Promise<AccessTokenRestResponse> {
    return { access_token: await this.tokens.accessTokenOf(principal) };
  }

  /**
   * Regenerate access token: a new one, the old one is dead when the answer arrives.
   *
   * Update all apps that use the old token.
   */
  @Post('regenerate')
  @ForUsers()
  @RestResult(AccessTokenRestResponse, { example: { access_token: 'dGhpcyBpcyBhIG5ldyB0b2tlbg...' } })
  async regenerateAccessToken(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() _: NoFieldsRequest,
  ): Promise<AccessTokenRestResponse> {
    return { access_token: await this.tokens.rotate(principal, 'access_token', principal.credential) };
  }
}
