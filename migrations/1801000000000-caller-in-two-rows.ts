import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A user has the ids of their account and access token, kept by triggers: so the guard reads two rows for each request in
 * place of four. See docs/adr/0015-the-hot-path.md.
 */
export class CallerInTwoRows1801000000000 implements MigrationInterface {
  readonly name = 'CallerInTwoRows1801000000000';

  async up(db: QueryRunner): Promise<void> {
    // The view and its tables, in the order of the guard's own statement: older processes may be at work.
    await db.query(`LOCK TABLE "principals" IN ACCESS EXCLUSIVE MODE`);
    await db.query(`
      ALTER TABLE "users"
        ADD COLUMN "account_id" bigint,
        ADD COLUMN "access_token_id" text,
        ADD COLUMN "access_token_key_version" text`);
    await db.query(`
      CREATE FUNCTION users_know_their_account() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          UPDATE users SET account_id = NEW.id WHERE directory_id = 0 AND id = NEW.user_id;
        ELSE
          UPDATE users SET account_id = NULL WHERE directory_id = 0 AND id = OLD.user_id AND account_id = OLD.id;
        END IF;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER users_know_their_new_account AFTER INSERT ON accounts
      FOR EACH ROW WHEN (NEW.directory_id = 0) EXECUTE FUNCTION users_know_their_account()`);
    await db.query(`
      CREATE TRIGGER users_know_their_account_is_gone AFTER DELETE ON accounts
      FOR EACH ROW WHEN (OLD.directory_id = 0) EXECUTE FUNCTION users_know_their_account()`);
    await db.query(`
      CREATE FUNCTION users_know_their_access_token() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          UPDATE users SET access_token_id = NULL, access_token_key_version = NULL
          WHERE directory_id = OLD.directory_id AND id = OLD.user_id AND access_token_id = OLD.id;
        ELSE
          UPDATE users SET access_token_id = NEW.id, access_token_key_version = NEW.key_version
          WHERE directory_id = NEW.directory_id AND id = NEW.user_id;
        END IF;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER users_know_their_new_access_token AFTER INSERT OR UPDATE OF id, key_version ON credentials
      FOR EACH ROW WHEN (NEW.kind = 'access_token') EXECUTE FUNCTION users_know_their_access_token()`);
    await db.query(`
      CREATE TRIGGER users_know_their_access_token_is_gone AFTER DELETE ON credentials
      FOR EACH ROW WHEN (OLD.kind = 'access_token') EXECUTE FUNCTION users_know_their_access_token()`);
    await db.query(REBUILD);
    await db.query(`SELECT user_links_rebuild()`);
    await db.query(`
      CREATE OR REPLACE VIEW "principals" AS
      SELECT
        ${CREDENTIAL},
        person.account_id,
        ${PERSON},
        person.access_token_id,
        person.access_token_key_version
      FROM credentials AS credential
      JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id
      ${IS_LIVE}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`LOCK TABLE "principals" IN ACCESS EXCLUSIVE MODE`);
    await db.query(`
      CREATE OR REPLACE VIEW "principals" AS
      SELECT
        ${CREDENTIAL},
        account.id AS account_id,
        ${PERSON},
        token.id AS access_token_id,
        token.key_version AS access_token_key_version
      FROM credentials AS credential
      JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id
      LEFT JOIN accounts AS account
        ON credential.directory_id = 0 AND account.directory_id = 0 AND account.user_id = credential.user_id
      LEFT JOIN credentials AS token ON token.directory_id = credential.directory_id
        AND token.user_id = credential.user_id AND token.kind = 'access_token'
      ${IS_LIVE}`);
    await db.query(`DROP FUNCTION user_links_rebuild()`);
    await db.query(`DROP FUNCTION users_know_their_access_token() CASCADE`);
    await db.query(`DROP FUNCTION users_know_their_account() CASCADE`);
    await db.query(`
      ALTER TABLE "users"
        DROP COLUMN "access_token_key_version",
        DROP COLUMN "access_token_id",
        DROP COLUMN "account_id"`);
  }
}

/** For rows that came past the triggers. */
const REBUILD = `
  CREATE FUNCTION user_links_rebuild() RETURNS void LANGUAGE sql AS $$
    UPDATE users SET
      account_id = linked.account_id,
      access_token_id = linked.token_id,
      access_token_key_version = linked.key_version
    FROM (
      SELECT person.directory_id, person.id, account.id AS account_id, token.id AS token_id, token.key_version
      FROM users AS person
      LEFT JOIN accounts AS account
        ON person.directory_id = 0 AND account.directory_id = 0 AND account.user_id = person.id
      LEFT JOIN credentials AS token
        ON token.directory_id = person.directory_id AND token.user_id = person.id AND token.kind = 'access_token'
    ) AS linked
    WHERE users.directory_id = linked.directory_id AND users.id = linked.id
      AND (users.account_id, users.access_token_id, users.access_token_key_version)
        IS DISTINCT FROM (linked.account_id, linked.token_id, linked.key_version)
  $$`;

const CREDENTIAL = `
  credential.id AS credential_id,
  credential.kind AS credential_kind,
  credential.directory_id,
  credential.user_id`;

const PERSON = `
  person.role,
  credential.kind = 'session' AND credential.last_used_at < now() - interval '1 minute' AS is_use_unrecorded,
  person.external_id,
  person.email,
  person.email_verified_at IS NOT NULL AS is_email_verified,
  coalesce(person.username, person.email) AS username,
  person.name`;

/** Expiry is for the database's clock to decide. When an account is closed, nobody in its directory gets in any more. */
const IS_LIVE = `
  WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
    AND person.disabled_at IS NULL
    AND (credential.directory_id = 0
      OR EXISTS (SELECT FROM accounts AS owner WHERE owner.directory_id = 0 AND owner.id = credential.directory_id))`;
