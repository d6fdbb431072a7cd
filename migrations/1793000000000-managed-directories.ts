import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What managed directories need. See docs/adr/0011-directories.md. */
export class ManagedDirectories1793000000000 implements MigrationInterface {
  readonly name = 'ManagedDirectories1793000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "users" ADD COLUMN "profile" jsonb NOT NULL DEFAULT '{}'`);
    await db.query(`
      CREATE TABLE "directory_deletions" (
        "directory_id" bigint NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "directory_deletions_pkey" PRIMARY KEY ("directory_id")
      )`);
    // Of every kind, so that whoever deletes a user finds all of their credentials by it.
    await db.query(`DROP INDEX "credentials_sessions"`);
    await db.query(`CREATE INDEX "credentials_user" ON "credentials" ("directory_id", "user_id", "created_at", "id")`);
    // Only people of the platform pay. When an account is closed, nobody in its directory gets in any more.
    await db.query(`DROP VIEW "principals"`);
    await db.query(`
      ${PRINCIPALS}
      LEFT JOIN accounts AS account
        ON credential.directory_id = 0 AND account.directory_id = 0 AND account.user_id = credential.user_id
      WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
        AND person.disabled_at IS NULL
        AND (credential.directory_id = 0
          OR EXISTS (SELECT FROM accounts AS owner WHERE owner.directory_id = 0 AND owner.id = credential.directory_id))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP VIEW "principals"`);
    await db.query(`
      ${PRINCIPALS}
      JOIN accounts AS account ON account.directory_id = credential.directory_id AND account.user_id = credential.user_id
      WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
        AND person.disabled_at IS NULL`);
    await db.query(`DROP INDEX "credentials_user"`);
    await db.query(`
      CREATE INDEX "credentials_sessions" ON "credentials" ("directory_id", "user_id", "created_at", "id")
      WHERE kind = 'session'`);
    await db.query(`DROP TABLE "directory_deletions"`);
    await db.query(`ALTER TABLE "users" DROP COLUMN "profile"`);
  }
}

const PRINCIPALS = `
  CREATE VIEW "principals" AS
  SELECT
    credential.id AS credential_id,
    credential.kind AS credential_kind,
    credential.directory_id,
    credential.user_id,
    account.id AS account_id,
    person.role,
    credential.kind = 'session' AND credential.last_used_at < now() - interval '1 minute' AS is_use_unrecorded
  FROM credentials AS credential
  JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id`;
