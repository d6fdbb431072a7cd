import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the users of managed directories need. See docs/adr/0011-directories.md. */
export class ManagedDirectories1793000000000 implements MigrationInterface {
  readonly name = 'ManagedDirectories1793000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "users" ADD COLUMN "profile" jsonb NOT NULL DEFAULT '{}'`);
    // Only people of the platform pay, so only they have an account here.
    await db.query(`DROP VIEW "principals"`);
    await db.query(`
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
      JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id
      LEFT JOIN accounts AS account
        ON credential.directory_id = 0 AND account.directory_id = 0 AND account.user_id = credential.user_id
      WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
        AND person.disabled_at IS NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP VIEW "principals"`);
    await db.query(`
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
      JOIN users AS person ON person.directory_id = credential.directory_id AND person.id = credential.user_id
      JOIN accounts AS account ON account.directory_id = credential.directory_id AND account.user_id = credential.user_id
      WHERE (credential.expires_at IS NULL OR credential.expires_at > now())
        AND person.disabled_at IS NULL`);
    await db.query(`ALTER TABLE "users" DROP COLUMN "profile"`);
  }
}
