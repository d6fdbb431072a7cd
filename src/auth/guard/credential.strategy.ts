import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import type { PresentedCredential, Principal } from '../../route-policy/principal.js';
import { TokensService } from '../../tokens/tokens.service.js';
import { NotAuthenticated } from '../../errors/request.errors.js';
import { presentedText } from './presented-credential.js';
import { PrincipalsService, type PrincipalRow } from './principals.service.js';

const CREDENTIAL_STRATEGY = 'credential';

/** One for all: it has no stack, and says the same to everybody. */
const REFUSED = new NotAuthenticated();

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

  /**
   * Rejects with NotAuthenticated.
   *
   * @throws NotAuthenticated, AmbiguousCredentials when headers cannot be understood
   */
  validate(request: FastifyRequest): Promise<Principal> {
    const presented = presentedText(request);
    const claim = presented && this.tokens.verify(presented.text);
    if (!claim || (presented.accepts && presented.accepts !== claim.kind)) {
      return Promise.reject(REFUSED); // `throw` takes several times as long, and whoever guesses is refused here
    }
    return this.principals.find(claim).then((row) => {
      if (!row) {
        return Promise.reject(REFUSED);
      }
      if (row.is_use_unrecorded) {
        this.tokens.recordUse(claim.id);
      }
      return principalOf(row, { id: claim.id, kind: claim.kind, carrier: presented.carrier });
    });
  }
}

function principalOf(row: PrincipalRow, credential: PresentedCredential): Principal {
  return {
    directoryId: row.directory_id,
    userId: row.user_id,
    accountId: row.account_id,
    role: row.role,
    credential,
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
