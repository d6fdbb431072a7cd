import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema: who exists, what opens which door, and what everybody has. */
export class UsersCredentialsLedger1790000000000 implements MigrationInterface {
  readonly name = 'UsersCredentialsLedger1790000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE "users" (
        "directory_id" bigint NOT NULL,
        "id" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        "external_id" text NOT NULL,
        "email" text NOT NULL,
        "email_as_given" text NOT NULL,
        "email_verified_at" timestamptz,
        "username" text,
        "name" text NOT NULL DEFAULT '',
        "role" text NOT NULL DEFAULT 'user',
        "disabled_at" timestamptz,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "users_pkey" PRIMARY KEY ("directory_id", "id"),
        CONSTRAINT "users_external_id_key" UNIQUE ("directory_id", "external_id"),
        CONSTRAINT "users_email_key" UNIQUE ("directory_id", "email"),
        CONSTRAINT "users_username_key" UNIQUE ("directory_id", "username"),
        CONSTRAINT "users_role_check" CHECK ("role" IN ('user', 'admin'))
      )`);
    await db.query(`CREATE INDEX "users_administrators" ON "users" ("directory_id") WHERE role = 'admin'`);
    // Nobody may take as a username what names somebody else, nor the other way round. Unique constraints cannot
    // compare different columns; the locks decide when two transactions choose the same name at once.
    await db.query(`
      CREATE FUNCTION "users_refuse_foreign_name"() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        chosen text;
      BEGIN
        FOR chosen IN
          SELECT DISTINCT it FROM unnest(ARRAY[NEW.external_id, NEW.email, NEW.username]) AS it WHERE it IS NOT NULL ORDER BY it
        LOOP
          PERFORM pg_advisory_xact_lock(hashtextextended(NEW.directory_id || ':' || chosen, 0));
        END LOOP;
        -- Whose username is the own email clashes by the email, and is told so.
        IF (NEW.username <> NEW.email
            AND EXISTS (SELECT FROM users WHERE directory_id = NEW.directory_id AND id <> NEW.id AND email = NEW.username))
          OR EXISTS (SELECT FROM users WHERE directory_id = NEW.directory_id AND id <> NEW.id AND external_id = NEW.username)
        THEN
          RAISE unique_violation USING CONSTRAINT = 'users_username_key', TABLE = 'users',
            MESSAGE = 'the username names somebody else';
        END IF;
        IF EXISTS (SELECT FROM users WHERE directory_id = NEW.directory_id AND id <> NEW.id AND username = NEW.email) THEN
          RAISE unique_violation USING CONSTRAINT = 'users_email_key', TABLE = 'users',
            MESSAGE = 'the email is somebody else''s username';
        END IF;
        IF EXISTS (SELECT FROM users WHERE directory_id = NEW.directory_id AND id <> NEW.id AND username = NEW.external_id) THEN
          RAISE unique_violation USING CONSTRAINT = 'users_external_id_key', TABLE = 'users',
            MESSAGE = 'the id is somebody else''s username';
        END IF;
        RETURN NEW;
      END $$`);
    await db.query(`
      CREATE TRIGGER "users_refuse_foreign_name" BEFORE INSERT OR UPDATE OF "external_id", "email", "username" ON "users"
      FOR EACH ROW EXECUTE FUNCTION "users_refuse_foreign_name"()`);

    await db.query(`
      CREATE TABLE "accounts" (
        "directory_id" bigint NOT NULL,
        "id" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        "user_id" bigint NOT NULL,
        "timezone" text NOT NULL DEFAULT 'UTC',
        "system_emails" boolean NOT NULL DEFAULT false,
        "update_emails" boolean NOT NULL DEFAULT false,
        "notification_emails" boolean NOT NULL DEFAULT false,
        "unused_collection_expired" text NOT NULL DEFAULT '',
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "accounts_pkey" PRIMARY KEY ("directory_id", "id"),
        CONSTRAINT "accounts_user_key" UNIQUE ("directory_id", "user_id"),
        CONSTRAINT "accounts_user_fkey" FOREIGN KEY ("directory_id", "user_id")
          REFERENCES "users" ("directory_id", "id") ON DELETE CASCADE
      )`);

    await db.query(`
      CREATE TABLE "passwords" (
        "directory_id" bigint NOT NULL,
        "user_id" bigint NOT NULL,
        "hash" text NOT NULL,
        "key_version" text NOT NULL,
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "passwords_pkey" PRIMARY KEY ("directory_id", "user_id"),
        CONSTRAINT "passwords_user_fkey" FOREIGN KEY ("directory_id", "user_id")
          REFERENCES "users" ("directory_id", "id") ON DELETE CASCADE
      )`);

    await db.query(`
      CREATE TABLE "credentials" (
        "id" text NOT NULL,
        "directory_id" bigint NOT NULL,
        "user_id" bigint NOT NULL,
        "kind" text NOT NULL,
        "key_version" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL DEFAULT now(),
        "expires_at" timestamptz,
        "last_used_at" timestamptz,
        "address" text,
        "user_agent" text,
        CONSTRAINT "credentials_pkey" PRIMARY KEY ("id", "directory_id"),
        CONSTRAINT "credentials_kind_check" CHECK ("kind" IN ('api_key', 'access_token', 'session')),
        CONSTRAINT "credentials_expiry_check" CHECK (("kind" = 'session') = ("expires_at" IS NOT NULL)),
        CONSTRAINT "credentials_user_fkey" FOREIGN KEY ("directory_id", "user_id")
          REFERENCES "users" ("directory_id", "id") ON DELETE CASCADE
      )`);
    await db.query(`
      CREATE UNIQUE INDEX "credentials_one_per_kind" ON "credentials" ("directory_id", "user_id", "kind")
      WHERE kind IN ('api_key', 'access_token')`);
    await db.query(`
      CREATE INDEX "credentials_sessions" ON "credentials" ("directory_id", "user_id", "created_at", "id")
      WHERE kind = 'session'`);

    // What the guard reads, and the only place where the tables of several modules meet. Expiry is decided here, by
    // the database's clock, so that no process can be wrong about the time.
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

    await db.query(`
      CREATE TABLE "mails" (
        "directory_id" bigint NOT NULL,
        "id" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        "user_id" bigint NOT NULL,
        "category" text NOT NULL,
        "recipient" text NOT NULL,
        "subject" text NOT NULL,
        "text" text NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "mails_pkey" PRIMARY KEY ("directory_id", "id"),
        CONSTRAINT "mails_category_check" CHECK ("category" IN ('security', 'system', 'update', 'notification'))
      )`);
    await db.query(`CREATE INDEX "mails_user" ON "mails" ("directory_id", "user_id", "id")`);

    await this.createLedger(db);

    // Failed attempts, counted. They may be lost in a crash of the database, so they need no log.
    await db.query(`
      CREATE UNLOGGED TABLE "failed_attempts" (
        "key" text NOT NULL,
        "count" integer NOT NULL,
        "expires_at" timestamptz NOT NULL,
        CONSTRAINT "failed_attempts_pkey" PRIMARY KEY ("key")
      )`);
    await db.query(`CREATE INDEX "failed_attempts_expires_at" ON "failed_attempts" ("expires_at")`);
  }

  private async createLedger(db: QueryRunner): Promise<void> {
    // No foreign key to the account: the ledger outlives it.
    await db.query(`
      CREATE TABLE "balances" (
        "account_id" bigint NOT NULL,
        "allowance" bigint NOT NULL DEFAULT 0,
        "top_up" bigint NOT NULL DEFAULT 0,
        "used" bigint NOT NULL DEFAULT 0,
        "frozen" bigint NOT NULL DEFAULT 0,
        "sequence" bigint NOT NULL DEFAULT 0,
        "period_end" timestamptz NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "updated_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "balances_pkey" PRIMARY KEY ("account_id"),
        CONSTRAINT "balances_used_check" CHECK ("used" >= 0),
        CONSTRAINT "balances_frozen_check" CHECK ("frozen" >= 0),
        CONSTRAINT "balances_granted_check" CHECK ("allowance" >= 0 AND "top_up" >= 0),
        CONSTRAINT "balances_spendable_check" CHECK ("used" + "frozen" <= "allowance" + "top_up"),
        CONSTRAINT "balances_range_check" CHECK ("allowance" + "top_up" <= 9007199254740991)
      )`);
    await db.query(`
      CREATE TABLE "entries" (
        "account_id" bigint NOT NULL,
        "sequence" bigint NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "kind" text NOT NULL,
        "operation" text NOT NULL,
        "amount" bigint NOT NULL,
        "used_change" bigint NOT NULL DEFAULT 0,
        "frozen_change" bigint NOT NULL DEFAULT 0,
        "balance_after" bigint NOT NULL,
        "reference" text,
        "request_id" text,
        CONSTRAINT "entries_pkey" PRIMARY KEY ("account_id", "sequence", "created_at"),
        CONSTRAINT "entries_kind_check"
          CHECK ("kind" IN ('grant', 'charge', 'refund', 'hold', 'capture', 'release', 'lapse'))
      ) PARTITION BY RANGE ("created_at")`);
    await db.query(`CREATE TABLE "entries_default" PARTITION OF "entries" DEFAULT`);
    // Month by month, in UTC whatever the session's time zone is.
    await db.query(`
      DO $$
      DECLARE
        month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
      BEGIN
        FOR i IN 0..12 LOOP
          EXECUTE format(
            'CREATE TABLE %I PARTITION OF entries FOR VALUES FROM (%L) TO (%L)',
            'entries_' || to_char(month, 'YYYY_MM'),
            month AT TIME ZONE 'UTC',
            (month + interval '1 month') AT TIME ZONE 'UTC'
          );
          month := month + interval '1 month';
        END LOOP;
      END $$`);
    await db.query(`
      CREATE FUNCTION "entries_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'entries of the ledger are never changed or deleted; a correction is a new entry'
          USING ERRCODE = 'restrict_violation';
      END $$`);
    await db.query(`
      CREATE TRIGGER "entries_refuse_change" BEFORE UPDATE OR DELETE ON "entries"
      FOR EACH ROW EXECUTE FUNCTION "entries_refuse_change"()`);
    await db.query(`
      CREATE TRIGGER "entries_refuse_truncate" BEFORE TRUNCATE ON "entries"
      FOR EACH STATEMENT EXECUTE FUNCTION "entries_refuse_change"()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP VIEW "principals"`);
    for (const table of [
      'failed_attempts',
      'entries',
      'balances',
      'mails',
      'credentials',
      'passwords',
      'accounts',
      'users',
    ]) {
      await db.query(`DROP TABLE "${table}"`);
    }
    await db.query(`DROP FUNCTION "entries_refuse_change"`);
    await db.query(`DROP FUNCTION "users_refuse_foreign_name"`);
  }
}
