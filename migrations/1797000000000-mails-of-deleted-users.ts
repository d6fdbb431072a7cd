import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A mail goes with its user, unless it is on its way: then it goes when it is over. See docs/adr/0010-mail-delivery.md. */
export class MailsOfDeletedUsers1797000000000 implements MigrationInterface {
  readonly name = 'MailsOfDeletedUsers1797000000000';

  async up(db: QueryRunner): Promise<void> {
    // A mail that somebody has in hand is left to the other trigger, so nobody waits here.
    await db.query(`
      CREATE FUNCTION "mails_go_with_users"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM mails USING (
          SELECT mails.directory_id, mails.id
          FROM mails JOIN gone ON mails.directory_id = gone.directory_id AND mails.user_id = gone.id
          WHERE ${isOver('mails')}
          FOR UPDATE OF mails SKIP LOCKED
        ) AS over
        WHERE mails.directory_id = over.directory_id AND mails.id = over.id;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER "mails_go_with_users" AFTER DELETE ON "users" REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION "mails_go_with_users"()`);
    // The lock waits for a deletion that is not committed, and makes one that comes later see the mail as over.
    await db.query(`
      CREATE FUNCTION "mails_go_after_users"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM FROM users WHERE directory_id = NEW.directory_id AND id = NEW.user_id FOR KEY SHARE;
        IF NOT FOUND THEN
          DELETE FROM mails WHERE directory_id = NEW.directory_id AND id = NEW.id;
        END IF;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER "mails_go_after_users" AFTER UPDATE OF "status", "hold_id" ON "mails"
      FOR EACH ROW WHEN (${isOver('NEW')}) EXECUTE FUNCTION "mails_go_after_users"()`);
    await db.query(`
      DELETE FROM "mails" WHERE ${isOver('mails')}
        AND NOT EXISTS (SELECT FROM users WHERE users.directory_id = mails.directory_id AND users.id = mails.user_id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TRIGGER "mails_go_after_users" ON "mails"`);
    await db.query(`DROP FUNCTION "mails_go_after_users"`);
    await db.query(`DROP TRIGGER "mails_go_with_users" ON "users"`);
    await db.query(`DROP FUNCTION "mails_go_with_users"`);
  }
}

/** Nothing is to be done for it any more, and nothing to be settled. */
function isOver(mail: string): string {
  return `${mail}.status IN ('sent', 'abandoned', 'suppressed') AND ${mail}.hold_id IS NULL`;
}
