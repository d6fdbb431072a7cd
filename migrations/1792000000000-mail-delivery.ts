import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of a mail. The schema of the queue itself is graphile-worker's, see `src/database/migrator.ts`. */
export class MailDelivery1792000000000 implements MigrationInterface {
  readonly name = 'MailDelivery1792000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE "mails"
        ALTER COLUMN "text" DROP NOT NULL,
        ADD COLUMN "from_name" text,
        ADD COLUMN "carries_code" boolean NOT NULL DEFAULT false,
        ADD COLUMN "message_id" uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN "status" text NOT NULL DEFAULT 'queued',
        ADD COLUMN "attempts" integer NOT NULL DEFAULT 0,
        ADD COLUMN "last_error" text,
        ADD COLUMN "leased_until" timestamptz,
        ADD COLUMN "sent_at" timestamptz,
        ADD COLUMN "hold_account_id" bigint,
        ADD COLUMN "hold_id" uuid`);
    await db.query(`ALTER TABLE "mails" ALTER COLUMN "message_id" DROP DEFAULT`);
    // Nobody expects them any more; whoever does can have each sent.
    await db.query(`UPDATE "mails" SET "status" = 'abandoned', "last_error" = 'written before mails were delivered'`);
    await db.query(`
      ALTER TABLE "mails"
        ADD CONSTRAINT "mails_status_check" CHECK ("status" IN ('queued', 'sending', 'sent', 'abandoned', 'suppressed')),
        ADD CONSTRAINT "mails_lease_check" CHECK (("status" = 'sending') = ("leased_until" IS NOT NULL)),
        ADD CONSTRAINT "mails_sent_check" CHECK (("status" = 'sent') = ("sent_at" IS NOT NULL)),
        ADD CONSTRAINT "mails_hold_check" CHECK (("hold_account_id" IS NULL) = ("hold_id" IS NULL)),
        ADD CONSTRAINT "mails_text_check" CHECK (
          ("text" IS NULL) = ("carries_code" AND "status" IN ('sent', 'abandoned', 'suppressed'))
        )`);
    await db.query(`CREATE INDEX "mails_newest" ON "mails" ("id")`);
    await db.query(`CREATE INDEX "mails_status" ON "mails" ("status", "id")`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP SCHEMA IF EXISTS "graphile_worker" CASCADE`);
    await db.query(`DROP INDEX "mails_status"`);
    await db.query(`DROP INDEX "mails_newest"`);
    for (const constraint of ['text', 'hold', 'sent', 'lease', 'status']) {
      await db.query(`ALTER TABLE "mails" DROP CONSTRAINT "mails_${constraint}_check"`);
    }
    await db.query(`UPDATE "mails" SET "text" = '' WHERE "text" IS NULL`);
    await db.query(`
      ALTER TABLE "mails"
        DROP COLUMN "hold_id",
        DROP COLUMN "hold_account_id",
        DROP COLUMN "sent_at",
        DROP COLUMN "leased_until",
        DROP COLUMN "last_error",
        DROP COLUMN "attempts",
        DROP COLUMN "status",
        DROP COLUMN "message_id",
        DROP COLUMN "carries_code",
        DROP COLUMN "from_name",
        ALTER COLUMN "text" SET NOT NULL`);
  }
}
