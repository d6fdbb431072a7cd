import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import type { Principal } from '../../route-policy/principal.js';
import { TokensService } from '../../tokens/tokens.service.js';
import { NotAuthenticated } from '../../errors/request.errors.js';
import { presentedText } from './presented-credential.js';
import { PrincipalsService } from './principals.service.js';

const CREDENTIAL_STRATEGY = 'credential';

/**
 * Resolves every kind of credential from every place that may carry it. A forged one is refused by its MAC alone; a
 * genuine one is looked up on every request, so that what was ended is refused from then on.
 */
@Injectable()
export class CredentialStrategy extends PassportStrategy(Strategy, CREDENTIAL_STRATEGY) {
  constructor(
    private readonly tokens: TokensService,
    private readonly principals: PrincipalsService,
  ) {
    super();
  }

  /** @throws NotAuthenticated, AmbiguousCredentials */
  async validate(request: FastifyRequest): Promise<Principal> {
    const presented = presentedText(request);
    const claim = presented && this.tokens.verify(presented.text);
    if (!claim || (presented.accepts && presented.accepts !== claim.kind)) {
      return Promise.reject(new NotAuthenticated()); // `throw` takes several times as long, and whoever guesses is refused here
    }
    const row = await this.principals.find(claim);
    if (!row) {
      throw new NotAuthenticated();
    }
    if (row.is_use_unrecorded) {
      this.tokens.recordUse(claim.id);
    }
    return {
      directoryId: row.directory_id,
      userId: row.user_id,
      accountId: row.account_id,
      role: row.role,
      credential: { id: claim.id, kind: claim.kind, carrier: presented.carrier },
      person: {
        externalId: row.external_id,
        email: row.email,
        isEmailVerified: row.is_email_verified,
        username: row.username,
        name: row.name,
      },
      accessToken:
        row.access_token_id === null ? null : { id: row.access_token_id, keyVersion: row.access_token_key_version! },
    };
  }
}
