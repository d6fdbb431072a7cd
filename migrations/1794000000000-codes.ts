import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One-time codes, and how many mails anybody was sent lately. */
export class Codes1794000000000 implements MigrationInterface {
  readonly name = 'Codes1794000000000';

  async up(db: QueryRunner): Promise<void> {
    // One row per user and purpose: a new code takes the place of the old one, and the wrong tries stay counted.
    await db.query(`
      CREATE TABLE "codes" (
        "directory_id" bigint NOT NULL,
        "user_id" bigint NOT NULL,
        "purpose" text NOT NULL,
        "email" text NOT NULL,
        "digest" text NOT NULL,
        "expires_at" timestamptz NOT NULL,
        "redeemed_at" timestamptz,
        "wrong_tries" integer NOT NULL DEFAULT 0,
        "wrong_tries_until" timestamptz,
        CONSTRAINT "codes_pkey" PRIMARY KEY ("directory_id", "user_id", "purpose"),
        CONSTRAINT "codes_digest_key" UNIQUE ("digest", "directory_id"),
        CONSTRAINT "codes_purpose_check"
          CHECK ("purpose" IN ('email_verification', 'password_reset', 'magic_link')),
        CONSTRAINT "codes_user_fkey" FOREIGN KEY ("directory_id", "user_id")
          REFERENCES "users" ("directory_id", "id") ON DELETE CASCADE
      )`);
    await db.query(`CREATE INDEX "codes_expires_at" ON "codes" ("expires_at")`);

    // It may be lost in a crash of the database, so it needs no log.
    await db.query(`
      CREATE UNLOGGED TABLE "mail_quotas" (
        "directory_id" bigint NOT NULL,
        "key" text NOT NULL,
        "count" integer NOT NULL,
        "expires_at" timestamptz NOT NULL,
        CONSTRAINT "mail_quotas_pkey" PRIMARY KEY ("directory_id", "key")
      )`);
    await db.query(`CREATE INDEX "mail_quotas_expires_at" ON "mail_quotas" ("expires_at")`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "mail_quotas"`);
    await db.query(`DROP TABLE "codes"`);
  }
}
