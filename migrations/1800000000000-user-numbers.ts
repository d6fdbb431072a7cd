import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The key under which the numbers of users are shown. See docs/adr/0011-directories.md. */
export class UserNumbers1800000000000 implements MigrationInterface {
  readonly name = 'UserNumbers1800000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE "user_numbers" (
        "is_only_row" boolean NOT NULL DEFAULT true,
        "key" bytea NOT NULL,
        CONSTRAINT "user_numbers_pkey" PRIMARY KEY ("is_only_row"),
        CONSTRAINT "user_numbers_only_row_check" CHECK ("is_only_row"),
        CONSTRAINT "user_numbers_key_check" CHECK (length("key") = 32)
      )`);
    // Two random UUIDs hold 244 random bits.
    await db.query(`
      INSERT INTO "user_numbers" ("key")
      VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE "user_numbers"`);
  }
}
