import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Holds, idempotency keys, and the one function that changes balances. See docs/adr/0008-one-function-for-the-ledger.md. */
export class LedgerOperations1791000000000 implements MigrationInterface {
  readonly name = 'LedgerOperations1791000000000';

  async up(db: QueryRunner): Promise<void> {
    await this.completeBalances(db);
    await this.completeEntries(db);
    await this.createTables(db);
    await this.makePartitionsAhead(db);
    await db.query(PERIOD_AFTER);
    await db.query(LEDGER_ENTER);
    await db.query(LEDGER_CATCH_UP);
    await db.query(LEDGER_APPLY);
  }

  private async completeBalances(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE "balances"
        ADD COLUMN "used_since" bigint NOT NULL DEFAULT 0,
        ADD COLUMN "open_holds" integer NOT NULL DEFAULT 0,
        ADD CONSTRAINT "balances_open_holds_check" CHECK ("open_holds" BETWEEN 0 AND 10000)`);
  }

  private async completeEntries(db: QueryRunner): Promise<void> {
    // Entries are never updated, so what the existing ones lack is computed by rewriting the column. All of them are
    // allowances of a sign-up.
    await db.query(`ALTER TABLE "entries" ADD COLUMN "allowance_change" bigint`);
    await db.query(`
      ALTER TABLE "entries" ALTER COLUMN "allowance_change" TYPE bigint
      USING CASE WHEN "kind" = 'grant' THEN "amount" ELSE 0 END`);
    await db.query(`ALTER TABLE "entries" ALTER COLUMN "allowance_change" SET NOT NULL`);
    await db.query(`ALTER TABLE "entries" ADD COLUMN "refunded_sequence" bigint`);
    await db.query(`
      CREATE INDEX "entries_refunds" ON "entries" ("account_id", "refunded_sequence")
      WHERE refunded_sequence IS NOT NULL`);
    await db.query(`
      ALTER TABLE "entries" ADD CONSTRAINT "entries_changes_check" CHECK (
        CASE "kind"
          WHEN 'grant'   THEN "amount" >= 0 AND "used_change" = 0 AND "frozen_change" = 0 AND "allowance_change" IN (0, "amount")
          WHEN 'charge'  THEN "amount" < 0 AND "used_change" = -"amount" AND "frozen_change" = 0 AND "allowance_change" = 0
          WHEN 'refund'  THEN "amount" > 0 AND "used_change" IN (0, -"amount") AND "frozen_change" = 0 AND "allowance_change" = 0
          WHEN 'hold'    THEN "amount" < 0 AND "used_change" = 0 AND "frozen_change" = -"amount" AND "allowance_change" = 0
          WHEN 'capture' THEN "amount" >= 0 AND "used_change" > 0 AND "frozen_change" = -"amount" - "used_change" AND "allowance_change" = 0
          WHEN 'release' THEN "amount" > 0 AND "used_change" = 0 AND "frozen_change" = -"amount" AND "allowance_change" = 0
          WHEN 'lapse'   THEN "amount" <= 0 AND "used_change" <= 0 AND "frozen_change" = 0 AND "allowance_change" <= "amount"
        END
      )`);
    await db.query(
      `ALTER TABLE "entries" ADD CONSTRAINT "entries_balance_after_check" CHECK ("balance_after" >= 0 AND "sequence" > 0)`,
    );
    await db.query(`
      ALTER TABLE "entries" ADD CONSTRAINT "entries_refund_check"
      CHECK (("kind" = 'refund') = ("refunded_sequence" IS NOT NULL))`);
  }

  private async createTables(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE "holds" (
        "account_id" bigint NOT NULL,
        "id" uuid NOT NULL,
        "operation" text NOT NULL,
        "amount" bigint NOT NULL,
        "captured" bigint NOT NULL DEFAULT 0,
        "carried" bigint NOT NULL DEFAULT 0,
        "status" text NOT NULL DEFAULT 'held',
        "reference" text,
        "expires_at" timestamptz NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "settled_at" timestamptz,
        CONSTRAINT "holds_pkey" PRIMARY KEY ("account_id", "id"),
        CONSTRAINT "holds_status_check" CHECK ("status" IN ('held', 'captured', 'released', 'expired')),
        CONSTRAINT "holds_amount_check" CHECK ("amount" > 0 AND "captured" BETWEEN 0 AND "amount"),
        CONSTRAINT "holds_captured_check" CHECK (("status" = 'captured') = ("captured" > 0)),
        CONSTRAINT "holds_carried_check" CHECK ("carried" BETWEEN 0 AND "amount"),
        CONSTRAINT "holds_settled_check" CHECK (("status" = 'held') = ("settled_at" IS NULL))
      )`);
    await db.query(`CREATE INDEX "holds_id" ON "holds" ("id")`);
    await db.query(`CREATE INDEX "holds_newest" ON "holds" ("account_id", "created_at", "id")`);
    await db.query(`CREATE INDEX "holds_open" ON "holds" ("account_id", "expires_at") WHERE status = 'held'`);
    await db.query(`CREATE INDEX "holds_expiring" ON "holds" ("expires_at") WHERE status = 'held'`);

    await db.query(`
      CREATE TABLE "idempotency_keys" (
        "account_id" bigint NOT NULL,
        "key" text NOT NULL,
        "fingerprint" text NOT NULL,
        "outcome" jsonb NOT NULL,
        "created_at" timestamptz NOT NULL,
        CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("account_id", "key")
      )`);
    await db.query(`CREATE INDEX "idempotency_keys_created_at" ON "idempotency_keys" ("created_at")`);
  }

  private async makePartitionsAhead(db: QueryRunner): Promise<void> {
    // Triggers of statements are not inherited, so each partition is given the one against TRUNCATE.
    await db.query(`
      DO $$
      DECLARE
        part regclass;
      BEGIN
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'entries'::regclass LOOP
          EXECUTE format(
            'CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse_change()',
            part
          );
        END LOOP;
      END $$`);
    await db.query(LEDGER_MAKE_PARTITIONS);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION "ledger_apply"`);
    await db.query(`DROP FUNCTION "ledger_catch_up"`);
    await db.query(`DROP FUNCTION "ledger_enter"`);
    await db.query(`DROP FUNCTION "ledger_period_after"`);
    await db.query(`DROP FUNCTION "ledger_make_partitions"`);
    await db.query(`
      DO $$
      DECLARE
        part regclass;
      BEGIN
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'entries'::regclass LOOP
          EXECUTE format('DROP TRIGGER entries_refuse_truncate ON %s', part);
        END LOOP;
      END $$`);
    await db.query(`DROP TABLE "idempotency_keys"`);
    await db.query(`DROP TABLE "holds"`);
    for (const constraint of ['entries_refund_check', 'entries_balance_after_check', 'entries_changes_check']) {
      await db.query(`ALTER TABLE "entries" DROP CONSTRAINT "${constraint}"`);
    }
    await db.query(`DROP INDEX "entries_refunds"`);
    await db.query(`ALTER TABLE "entries" DROP COLUMN "refunded_sequence", DROP COLUMN "allowance_change"`);
    await db.query(`ALTER TABLE "balances" DROP COLUMN "open_holds", DROP COLUMN "used_since"`);
  }
}

/**
 * Creates the partitions of this month and of the next ones that are missing; answers the months for which that cannot
 * be, because the default partition already holds some of their entries. A month is attached without stopping writers;
 * where somebody else holds a lock, it waits for a second at most and is tried another time.
 */
const LEDGER_MAKE_PARTITIONS = `
CREATE FUNCTION ledger_make_partitions(months_ahead int) RETURNS SETOF text
LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
  first_month constant timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
  month timestamp;
  partition text;
BEGIN
  -- Any number that nobody else uses on this database: of several processes one makes them.
  IF NOT pg_try_advisory_xact_lock(7086554285) THEN
    RETURN;
  END IF;
  FOR month IN SELECT first_month + i * interval '1 month' FROM generate_series(0, months_ahead) AS i LOOP
    partition := 'entries_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
      EXECUTE format(
        'ALTER TABLE entries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
      );
      EXECUTE format(
        'CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse_change()',
        partition
      );
    EXCEPTION WHEN check_violation THEN
      RETURN NEXT to_char(month, 'YYYY-MM');
    END;
  END LOOP;
END $$`;

/**
 * When the period after the one that ended at \`ended\` ends, for an account opened at \`opened\`: whole months from the
 * opening, in UTC. Counted from the opening each time, because the 31st of January is followed by the 28th of February,
 * and that by the 31st of March.
 */
const PERIOD_AFTER = `
CREATE FUNCTION ledger_period_after(opened timestamptz, ended timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (
    opened AT TIME ZONE 'UTC'
    + make_interval(months => (
        12 * (extract(year FROM ended AT TIME ZONE 'UTC') - extract(year FROM opened AT TIME ZONE 'UTC'))
        + extract(month FROM ended AT TIME ZONE 'UTC') - extract(month FROM opened AT TIME ZONE 'UTC')
        + 1
      )::int)
  ) AT TIME ZONE 'UTC'
$$`;

/** Enters an operation: the balance after it, and the entry with its sequence and what is spendable then. */
const LEDGER_ENTER = `
CREATE FUNCTION ledger_enter(INOUT balance balances, INOUT entry entries)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  balance.allowance := balance.allowance + entry.allowance_change;
  balance.top_up := balance.top_up + entry.amount + entry.used_change + entry.frozen_change - entry.allowance_change;
  balance.used := balance.used + entry.used_change;
  balance.frozen := balance.frozen + entry.frozen_change;
  balance.sequence := balance.sequence + 1;
  balance.updated_at := entry.created_at;
  entry.sequence := balance.sequence;
  entry.balance_after := balance.allowance + balance.top_up - balance.used - balance.frozen;
END $$`;

/**
 * Does what is due on an account by the calendar, in the order in which it fell due: expired holds are released, and at
 * the end of each period what is left of the allowance lapses and a new one is granted. The caller holds the lock.
 *
 * The allowance is spent first, then frozen, then top-ups are. What of it is frozen at the end of a period stays for its
 * holds, the oldest first, as what they have \`carried\` over; it lapses when a hold gives it back.
 */
const LEDGER_CATCH_UP = `
CREATE FUNCTION ledger_catch_up(INOUT balance balances, moment timestamptz, allowance_per_period bigint, OUT written entries[])
LANGUAGE plpgsql AS $$
DECLARE
  credits_max constant bigint := 9007199254740991;
  blank entries;
  entry entries;
  hold record;
  done record;
BEGIN
  written := '{}';
  blank.account_id := balance.account_id;
  blank.created_at := greatest(moment, balance.updated_at);
  blank.used_change := 0;
  blank.frozen_change := 0;
  blank.allowance_change := 0;
  LOOP
    IF balance.open_holds > 0 THEN
      FOR hold IN
        WITH expired AS (
          UPDATE holds AS open SET status = 'expired', settled_at = moment
          WHERE open.account_id = balance.account_id AND open.status = 'held'
            AND open.expires_at <= least(moment, balance.period_end)
          RETURNING open.*
        )
        SELECT * FROM expired ORDER BY expires_at, id
      LOOP
        entry := blank;
        entry.kind := 'release';
        entry.operation := hold.operation;
        entry.reference := hold.reference;
        entry.amount := hold.amount;
        entry.frozen_change := -hold.amount;
        done := ledger_enter(balance, entry);
        balance := done.balance;
        balance.open_holds := balance.open_holds - 1;
        written := written || done.entry;
        IF hold.carried > 0 THEN
          entry := blank;
          entry.kind := 'lapse';
          entry.operation := 'allowance';
          entry.reference := hold.reference;
          entry.amount := -hold.carried;
          entry.allowance_change := -hold.carried;
          done := ledger_enter(balance, entry);
          balance := done.balance;
          written := written || done.entry;
        END IF;
      END LOOP;
    END IF;
    EXIT WHEN balance.period_end > moment;

    -- What was used goes, from the allowance and then from top-ups. A period in which nothing was granted, used or left
    -- leaves no trace.
    entry := blank;
    entry.kind := 'lapse';
    entry.operation := 'allowance';
    entry.amount := -greatest(0, balance.allowance - balance.used - balance.frozen);
    entry.used_change := -balance.used;
    entry.allowance_change := entry.amount - least(balance.used, balance.allowance);
    IF entry.amount <> 0 OR entry.used_change <> 0 THEN
      done := ledger_enter(balance, entry);
      balance := done.balance;
      balance.used_since := balance.sequence;
      written := written || done.entry;
    END IF;
    UPDATE holds AS open SET carried = share.credits
    FROM (
      SELECT id, greatest(0, least(amount, balance.allowance - coalesce(sum(amount) OVER earlier, 0))) AS credits
      FROM holds WHERE account_id = balance.account_id AND status = 'held'
      WINDOW earlier AS (ORDER BY created_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS share
    WHERE open.account_id = balance.account_id AND open.id = share.id AND open.carried <> share.credits;
    balance.period_end := ledger_period_after(balance.created_at, balance.period_end);

    entry := blank;
    entry.kind := 'grant';
    entry.operation := 'allowance';
    entry.amount := least(allowance_per_period, credits_max - balance.allowance - balance.top_up);
    entry.allowance_change := entry.amount;
    IF entry.amount <> 0 THEN
      done := ledger_enter(balance, entry);
      balance := done.balance;
      written := written || done.entry;
    END IF;
  END LOOP;
END $$`;

/**
 * Carries out operations on balances: all of them in one statement, each decided on its own, those of one account in
 * the order given. Answers one outcome per item, \`{entry, hold}\` or \`{refusal, spendable, status}\`.
 *
 * Whatever is due on an account happens before its first item. An item of the kind \`settle\` does only that.
 *
 * Balances are locked in the order of their ids, and nothing else is waited for, so that statements cannot deadlock.
 * Row locks are held until the commit; the times of an account's entries never go backwards, even when the clock does.
 */
const LEDGER_APPLY = `
CREATE FUNCTION ledger_apply(items jsonb, allowance_per_period bigint) RETURNS TABLE (item_index int, outcome jsonb)
LANGUAGE plpgsql AS $$
DECLARE
  credits_max constant bigint := 9007199254740991;
  open_holds_max constant int := 10000;
  moment timestamptz;
  item record;
  account balances;
  entry entries;
  hold holds;
  remembered idempotency_keys;
  caught_up record;
  done record;
  refusal text;
  is_changed boolean := false;
  refundable bigint;
  changed balances[] := '{}';
  written entries[] := '{}';
BEGIN
  FOR item IN
    WITH wanted AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(items) AS it (
        "index" int, "kind" text, "accountId" bigint, "amount" bigint, "operation" text, "reference" text,
        "requestId" text, "holdId" uuid, "expiresInSeconds" int, "refundedSequence" bigint,
        "callerAccountId" bigint, "key" text, "fingerprint" text
      )
    ), locked AS MATERIALIZED (
      SELECT balance FROM balances AS balance
      WHERE balance.account_id = ANY (ARRAY(SELECT DISTINCT wanted."accountId" FROM wanted))
      ORDER BY balance.account_id FOR UPDATE
    )
    SELECT wanted.*, locked.balance
    FROM wanted LEFT JOIN locked ON (locked.balance).account_id = wanted."accountId"
    ORDER BY wanted."accountId", wanted."index"
  LOOP
    item_index := item."index";
    moment := coalesce(moment, clock_timestamp());

    -- The next account, and what is due on it.
    IF item."accountId" IS DISTINCT FROM account.account_id THEN
      IF is_changed THEN
        changed := changed || account;
      END IF;
      account := item.balance;
      is_changed := account.period_end <= moment OR account.open_holds > 0;
      IF is_changed THEN
        caught_up := ledger_catch_up(account, moment, allowance_per_period);
        account := caught_up.balance;
        written := written || caught_up.written;
      END IF;
    END IF;

    -- Seen before? What another session has finished is seen even where its lock is not let go yet.
    IF item.key IS NOT NULL THEN
      refusal := CASE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(item."callerAccountId" || ' ' || item.key, 0))
        THEN 'key_in_use' END;
      SELECT * INTO remembered FROM idempotency_keys AS known
      WHERE known.account_id = item."callerAccountId" AND known.key = item.key AND known.created_at > moment - interval '24 hours';
      IF FOUND OR refusal IS NOT NULL THEN
        outcome := CASE
          WHEN remembered.fingerprint = item.fingerprint THEN remembered.outcome
          ELSE jsonb_build_object('refusal', CASE WHEN FOUND THEN 'key_reused' ELSE refusal END)
        END;
        RETURN NEXT;
        CONTINUE;
      END IF;
    END IF;

    refusal := NULL;
    hold := NULL;
    entry := NULL;
    entry.account_id := account.account_id;
    entry.created_at := greatest(moment, account.updated_at);
    entry.kind := item.kind;
    entry.operation := item.operation;
    entry.reference := item.reference;
    entry.request_id := item."requestId";
    entry.used_change := 0;
    entry.frozen_change := 0;
    entry.allowance_change := 0;

    IF account.account_id IS NULL THEN
      refusal := 'account_not_found';
    ELSE
      CASE item.kind
        WHEN 'charge' THEN
          IF item.amount > account.allowance + account.top_up - account.used - account.frozen THEN
            refusal := 'out_of_credits';
          ELSE
            entry.amount := -item.amount;
            entry.used_change := item.amount;
          END IF;

        WHEN 'grant' THEN
          IF item.amount > credits_max - account.allowance - account.top_up THEN
            refusal := 'balance_overflow';
          ELSE
            entry.amount := item.amount;
          END IF;

        WHEN 'refund' THEN
          -- Refunds of this very statement count too.
          INSERT INTO entries SELECT * FROM unnest(written);
          written := '{}';
          SELECT charge.used_change - (
              SELECT coalesce(sum(refund.amount), 0) FROM entries AS refund
              WHERE refund.account_id = account.account_id AND refund.refunded_sequence = item."refundedSequence"
            ), charge.operation, coalesce(item.reference, charge.reference)
          INTO refundable, entry.operation, entry.reference
          FROM entries AS charge
          WHERE charge.account_id = account.account_id AND charge.sequence = item."refundedSequence"
            AND charge.kind IN ('charge', 'capture');
          IF NOT FOUND THEN
            refusal := 'charge_not_found';
          ELSIF refundable = 0 THEN
            refusal := 'charge_refunded';
          ELSIF item.amount > refundable THEN
            refusal := 'more_than_charged';
          ELSE
            entry.amount := coalesce(item.amount, refundable);
            entry.refunded_sequence := item."refundedSequence";
            -- What was used in an earlier period is no longer counted as used; it comes back as a top-up.
            entry.used_change := CASE WHEN item."refundedSequence" > account.used_since THEN -entry.amount ELSE 0 END;
            IF entry.amount + entry.used_change > credits_max - account.allowance - account.top_up THEN
              refusal := 'balance_overflow';
            END IF;
          END IF;

        WHEN 'hold' THEN
          IF item.amount > account.allowance + account.top_up - account.used - account.frozen THEN
            refusal := 'out_of_credits';
          ELSIF account.open_holds >= open_holds_max THEN
            refusal := 'too_many_holds';
          ELSE
            INSERT INTO holds AS made (account_id, id, operation, amount, reference, expires_at, created_at)
            VALUES (account.account_id, gen_random_uuid(), item.operation, item.amount, item.reference,
              moment + make_interval(secs => item."expiresInSeconds"), moment)
            RETURNING made.* INTO hold;
            account.open_holds := account.open_holds + 1;
            entry.amount := -item.amount;
            entry.frozen_change := item.amount;
          END IF;

        WHEN 'capture', 'release' THEN
          SELECT * INTO hold FROM holds AS open
          WHERE open.account_id = account.account_id AND open.id = item."holdId";
          IF NOT FOUND THEN
            refusal := 'hold_not_found';
          ELSIF hold.status <> 'held' THEN
            refusal := 'hold_settled';
          ELSIF item.kind = 'capture' AND item.amount > hold.amount THEN
            refusal := 'more_than_held';
          ELSE
            UPDATE holds AS settled
            SET status = CASE item.kind WHEN 'capture' THEN 'captured' ELSE 'released' END,
              captured = CASE item.kind WHEN 'capture' THEN coalesce(item.amount, settled.amount) ELSE 0 END,
              settled_at = moment
            WHERE settled.account_id = hold.account_id AND settled.id = hold.id
            RETURNING settled.* INTO hold;
            account.open_holds := account.open_holds - 1;
            entry.operation := hold.operation;
            entry.reference := coalesce(item.reference, hold.reference);
            entry.amount := hold.amount - hold.captured;
            entry.used_change := hold.captured;
            entry.frozen_change := -hold.amount;
          END IF;

        WHEN 'settle' THEN
          outcome := '{}';
          RETURN NEXT;
          CONTINUE;
      END CASE;
    END IF;

    IF refusal IS NULL THEN
      done := ledger_enter(account, entry);
      account := done.balance;
      entry := done.entry;
      is_changed := true;
      written := written || entry;
      outcome := jsonb_build_object('entry', to_jsonb(entry));
      IF hold.id IS NOT NULL THEN
        outcome := outcome || jsonb_build_object('hold', to_jsonb(hold));
        -- What the hold gives back of the last period's allowance lapses.
        IF hold.status <> 'held' AND hold.carried > hold.captured THEN
          entry.kind := 'lapse';
          entry.operation := 'allowance';
          entry.amount := hold.captured - hold.carried;
          entry.used_change := 0;
          entry.frozen_change := 0;
          entry.allowance_change := entry.amount;
          done := ledger_enter(account, entry);
          account := done.balance;
          written := written || done.entry;
        END IF;
      END IF;
    ELSE
      outcome := jsonb_build_object(
        'refusal', refusal,
        'spendable', account.allowance + account.top_up - account.used - account.frozen,
        'status', hold.status
      );
    END IF;
    IF item.key IS NOT NULL THEN
      INSERT INTO idempotency_keys AS known (account_id, key, fingerprint, outcome, created_at)
      VALUES (item."callerAccountId", item.key, item.fingerprint, ledger_apply.outcome, moment)
      ON CONFLICT ON CONSTRAINT idempotency_keys_pkey
      DO UPDATE SET fingerprint = excluded.fingerprint, outcome = excluded.outcome, created_at = excluded.created_at;
    END IF;
    RETURN NEXT;
  END LOOP;

  IF is_changed THEN
    changed := changed || account;
  END IF;
  UPDATE balances AS balance
  SET allowance = it.allowance, top_up = it.top_up, used = it.used, frozen = it.frozen, sequence = it.sequence,
    period_end = it.period_end, used_since = it.used_since, open_holds = it.open_holds, updated_at = it.updated_at
  FROM unnest(changed) AS it WHERE balance.account_id = it.account_id;
  INSERT INTO entries SELECT * FROM unnest(written);
END $$`;
