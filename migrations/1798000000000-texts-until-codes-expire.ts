import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The text of a mail that was given up is kept until the code in it expires. See docs/adr/0010-mail-delivery.md. */
export class TextsUntilCodesExpire1798000000000 implements MigrationInterface {
  readonly name = 'TextsUntilCodesExpire1798000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE "mails" ADD COLUMN "code_expires_at" timestamptz`);
    // No code is good for longer than a day.
    await db.query(`UPDATE "mails" SET "code_expires_at" = "created_at" + interval '1 day' WHERE "carries_code"`);
    await db.query(`
      ALTER TABLE "mails"
        DROP CONSTRAINT "mails_text_check",
        DROP COLUMN "carries_code",
        ADD CONSTRAINT "mails_text_check" CHECK (CASE
          WHEN "code_expires_at" IS NULL OR "status" IN ('queued', 'sending') THEN "text" IS NOT NULL
          WHEN "status" IN ('sent', 'suppressed') THEN "text" IS NULL
          ELSE true
        END)`);
    await db.query(`
      CREATE INDEX "mails_code_expires_at" ON "mails" ("code_expires_at")
      WHERE "status" = 'abandoned' AND "text" IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX "mails_code_expires_at"`);
    await db.query(
      `ALTER TABLE "mails" DROP CONSTRAINT "mails_text_check", ADD COLUMN "carries_code" boolean NOT NULL DEFAULT false`,
    );
    await db.query(`
      UPDATE "mails" SET "carries_code" = true, "text" = CASE WHEN "status" <> 'abandoned' THEN "text" END
      WHERE "code_expires_at" IS NOT NULL`);
    await db.query(`
      ALTER TABLE "mails"
        DROP COLUMN "code_expires_at",
        ADD CONSTRAINT "mails_text_check" CHECK (
          ("text" IS NULL) = ("carries_code" AND "status" IN ('sent', 'abandoned', 'suppressed'))
        )`);
  }
}
