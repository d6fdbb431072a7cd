import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CredentialKind, Role } from '../../route-policy/principal.js';
import type { CredentialClaim } from '../../tokens/credential-text.js';

/** A row of the view `principals`: one live credential, whose it is, and the account that pays, if they have one. */
export interface PrincipalRow {
  credential_kind: CredentialKind;
  directory_id: number;
  user_id: number;
  account_id: number | null;
  role: Role;
  /** A session that was last noted as used over a minute ago. */
  is_use_unrecorded: boolean;
}

/** Looks up who holds a credential. Nothing is remembered: what was revoked anywhere is not found here from then on. */
@Injectable()
export class PrincipalsService {
  constructor(private readonly dataSource: DataSource) {}

  /** Undefined when there is no such credential any more. */
  async find({ id, kind }: CredentialClaim): Promise<PrincipalRow | undefined> {
    const [row] = await this.dataSource.query<PrincipalRow[]>(
      `SELECT credential_kind, directory_id, user_id, account_id, role, is_use_unrecorded
       FROM principals WHERE credential_id = $1 AND credential_kind = $2`,
      [id, kind],
    );
    return row;
  }
}
