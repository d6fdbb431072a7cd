import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What callers ask about themselves is in the view that the guard reads. See docs/adr/0002-one-lookup-per-request.md. */
export class CallerInOneLookup1796000000000 implements MigrationInterface {
  readonly name = 'CallerInOneLookup1796000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE OR REPLACE VIEW "principals" AS
      SELECT
        ${CREDENTIAL},
        person.external_id,
        person.email,
        person.email_verified_at IS NOT NULL AS is_email_verified,
        coalesce(person.username, person.email) AS username,
        person.name,
        token.id AS access_token_id,
        token.key_version AS access_token_key_version
      ${ITS_PERSON}
      LEFT JOIN credentials AS token ON token.directory_id = credential.directory_id
        AND token.user_id = credential.user_id AND token.kind = 'access_token'
      ${IS_LIVE}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP VIEW "principals"`);
    await db.query(`CREATE VIEW "principals" AS SELECT ${CREDENTIAL} ${ITS_PERSON} ${IS_LIVE}`);
  }
}

const CREDENTIAL = `
  credential.id AS credential_id,
  credential.kind AS credential_kind,
  credential.directory_id,
  credential.user_id,
  account.id AS account_id,
  person.role,
  credential.kind = 'session' AND credential.last_used_at < now() - interval '1 minute' AS is_use_unrecorded`;

const ITS_PERSON = `
  FROM credentials AS credential
  JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id
  LEFT JOIN accounts AS account
    ON credential.directory_id = 0 AND account.directory_id = 0 AND account.user_id = credential.user_id`;

/** Expiry is for the database's clock to decide. When an account is closed, nobody in its directory gets in any more. */
const IS_LIVE = `
  WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
    AND person.disabled_at IS NULL
    AND (credential.directory_id = 0
      OR EXISTS (SELECT FROM accounts AS owner WHERE owner.directory_id = 0 AND owner.id = credential.directory_id))`;
