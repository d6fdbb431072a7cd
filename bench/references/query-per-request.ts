import { AccountsService } from '../../src/accounts/accounts.service.js';
import { PrincipalsService, type PrincipalRow } from '../../src/auth/guard/principals.service.js';
import { SecretKeys } from '../../src/secret-keys/secret-keys.js';
import { credentialText } from '../../src/tokens/credential-text.js';
import type { User } from '../../src/users/user.entity.js';
import { userView } from '../../src/users/user.view.js';
import { startAltered } from './altered-server.js';
import { referencePool } from './reference-pool.js';

/**
 * The same server, guard and handler, but `GET /api/users/me/` looks everything up by itself, with one query through
 * pg's pool: who holds the credential, the user, and the access token to show. `prepared` as argument: the query is a
 * prepared statement, which saves the database most of its work.
 */
interface Row extends PrincipalRow, User {
  token_id: string;
  token_key_version: string;
}

const QUERY = {
  ...(process.argv[2] === 'prepared' ? { name: 'me' } : {}),
  text: `
    SELECT principal.credential_kind, principal.directory_id, principal.user_id, principal.account_id, principal.role,
      principal.is_use_unrecorded, person.id, person.directory_id AS "directoryId", person.external_id AS "externalId",
      person.email, person.email_as_given AS "emailAsGiven", person.email_verified_at AS "emailVerifiedAt",
      person.username, person.name, person.profile, person.disabled_at AS "disabledAt", person.created_at AS "createdAt",
      person.updated_at AS "updatedAt", token.id AS token_id, token.key_version AS token_key_version
    FROM principals AS principal
    JOIN users AS person ON person.directory_id = principal.directory_id AND person.id = principal.user_id
    JOIN credentials AS token ON token.directory_id = principal.directory_id AND token.user_id = principal.user_id
      AND token.kind = 'access_token'
    WHERE principal.credential_id = $1 AND principal.credential_kind = $2`,
};

await startAltered((app, { databaseUrl }) => {
  const pool = referencePool(databaseUrl);
  const keys = app.get(SecretKeys);
  /** What the guard has read and the handler has not taken yet, by credential: several requests may present the same. */
  const rows = new Map<string, Row[]>();

  app.get(PrincipalsService).find = async ({ id, kind }) => {
    const [row] = (await pool.query<Row>({ ...QUERY, values: [id, kind] })).rows;
    if (row) {
      rows.set(id, [...(rows.get(id) ?? []), row]);
    }
    return row;
  };
  app.get(AccountsService).me = (owner) => {
    const { id } = (owner as unknown as { credential: { id: string } }).credential;
    const [row, ...others] = rows.get(id)!;
    if (others.length > 0) {
      rows.set(id, others);
    } else {
      rows.delete(id);
    }
    const key = keys.ofVersion('credential', row!.token_key_version)!;
    const accessToken = credentialText({ kind: 'access_token', id: row!.token_id }, key);
    return Promise.resolve({ user: userView(row!), accessToken });
  };
});
