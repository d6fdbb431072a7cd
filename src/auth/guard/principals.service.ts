import { Injectable } from '@nestjs/common';
import { keysAsRows, Lookups, type Lookup, type LookupStatement } from '../../database/lookup.js';
import type { Role } from '../../route-policy/principal.js';
import type { CredentialClaim } from '../../tokens/credential-text.js';

/** A row of the view `principals`: one live credential, whose it is, and the account that pays, if they have one. */
export interface PrincipalRow {
  directory_id: number;
  user_id: number;
  account_id: number | null;
  role: Role;
  /** A session that was last noted as used over a minute ago. */
  is_use_unrecorded: boolean;
  external_id: string;
  email: string;
  is_email_verified: boolean;
  username: string;
  name: string;
  access_token_id: string | null;
  access_token_key_version: string | null;
}

/** Those of `PrincipalRow`, in the order in which `PRINCIPALS` reads them. */
export const PRINCIPAL_COLUMNS = `
  directory_id, user_id, account_id, role, is_use_unrecorded,
  external_id, email, is_email_verified, username, name, access_token_id, access_token_key_version`;

const PRINCIPALS: LookupStatement<PrincipalRow> = {
  name: 'principals',
  text: `
    SELECT wanted.place, ${PRINCIPAL_COLUMNS}
    FROM ${keysAsRows(['text', 'text'])} AS wanted (id, kind, place)
    JOIN principals ON credential_id = wanted.id AND credential_kind = wanted.kind`,
  read: ([
    ,
    directoryId,
    userId,
    accountId,
    role,
    isUseUnrecorded,
    externalId,
    email,
    isEmailVerified,
    username,
    name,
    accessTokenId,
    accessTokenKeyVersion,
  ]) => ({
    directory_id: Number(directoryId),
    user_id: Number(userId),
    account_id: accountId === null ? null : Number(accountId),
    role: role as Role,
    is_use_unrecorded: isUseUnrecorded === 't',
    external_id: externalId!,
    email: email!,
    is_email_verified: isEmailVerified === 't',
    username: username!,
    name: name!,
    access_token_id: accessTokenId ?? null,
    access_token_key_version: accessTokenKeyVersion ?? null,
  }),
};

/** Looks up who holds a credential. Nothing is remembered: what was revoked anywhere is not found here from then on. */
@Injectable()
export class PrincipalsService {
  private readonly lookup: Lookup<PrincipalRow>;

  constructor(lookups: Lookups) {
    this.lookup = lookups.create(PRINCIPALS);
  }

  /** Undefined when there is no such credential any more. */
  find({ id, kind }: CredentialClaim): Promise<PrincipalRow | undefined> {
    return this.lookup.find(id, kind);
  }
}
