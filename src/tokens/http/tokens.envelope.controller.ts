import { Post } from '@nestjs/common';
import { EnvelopeController } from '../../dialects/dialect-controllers.js';
import { EnvelopeMessage } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers } from '../../route-policy/route-policy.js';
import { TokensService } from '../tokens.service.js';

@EnvelopeController('Users')
export class TokensEnvelopeController {
  constructor(private readonly tokens: TokensService) {}

  /**
   * Rotate API key: the old one is dead when the answer arrives.
   *
   * Read the new one from account-details.
   */
  @Post('api-key/update')
  @ForUsers()
  @EnvelopeMessage('API Key Updated successfully!')
  async rotateApiKey(@CurrentPrincipal() principal: Principal, @RequestBody() _: NoFieldsRequest): Promise<string> {
    await this.tokens.rotate(principal, 'api_key', principal.credential);
    return 'API Key Updated successfully!';
  }
}
