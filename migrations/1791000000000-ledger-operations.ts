import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Holds, idempotency keys, and the one function that changes balances. See docs/adr/0008-one-function-for-the-ledger.md. */
export class LedgerOperations1791000000000 implements MigrationInterface {
  readonly name = 'LedgerOperations1791000000000';

  async up(db: QueryRunner): Promise<void> {
    await this.completeEntries(db);
    await this.createTables(db);
    await this.makePartitionsAhead(db);
    await db.query(PERIOD_AFTER);
    await db.query(LEDGER_APPLY);
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
          WHEN 'refund'  THEN "amount" > 0 AND "used_change" BETWEEN -"amount" AND 0 AND "frozen_change" = 0 AND "allowance_change" = 0
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
        "status" text NOT NULL DEFAULT 'held',
        "reference" text,
        "expires_at" timestamptz NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "settled_at" timestamptz,
        CONSTRAINT "holds_pkey" PRIMARY KEY ("account_id", "id"),
        CONSTRAINT "holds_status_check" CHECK ("status" IN ('held', 'captured', 'released', 'expired')),
        CONSTRAINT "holds_amount_check" CHECK ("amount" > 0 AND "captured" BETWEEN 0 AND "amount"),
        CONSTRAINT "holds_captured_check" CHECK (("status" = 'captured') = ("captured" > 0)),
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

/**
 * Carries out operations on balances: all of them in one statement, each decided on its own, those of one account in
 * the order given. Answers one outcome per item, \`{entry, hold}\` or \`{refusal, spendable, status}\`.
 *
 * Whatever is due on an account happens before its first item, in the order in which it fell due: expired holds are
 * released, allowances lapse and are granted again. An item of the kind \`settle\` does only that.
 *
 * Balances are locked in the order of their ids, and nothing else is waited for, so that statements cannot deadlock.
 * Row locks are held until the commit, so the moment read after taking them never goes backwards within an account.
 */
const LEDGER_APPLY = `
CREATE FUNCTION ledger_apply(items jsonb, allowance_per_period bigint) RETURNS TABLE (item_index int, outcome jsonb)
LANGUAGE plpgsql AS $$
DECLARE
  credits_max constant bigint := 9007199254740991;
  moment timestamptz;
  item record;
  account balances;
  entry entries;
  hold holds;
  remembered idempotency_keys;
  step text;
  refusal text;
  is_settled boolean;
  is_changed boolean := false;
  is_allowance_due boolean := false;
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

    -- The next account.
    IF item."accountId" IS DISTINCT FROM account.account_id THEN
      IF is_changed THEN
        changed := changed || account;
      END IF;
      account := item.balance;
      is_changed := false;
      is_settled := false;
    END IF;

    -- Seen before?
    IF item.key IS NOT NULL THEN
      IF NOT pg_try_advisory_xact_lock(hashtextextended(item."callerAccountId" || ' ' || item.key, 0)) THEN
        outcome := '{"refusal": "key_in_use"}';
        RETURN NEXT;
        CONTINUE;
      END IF;
      SELECT * INTO remembered FROM idempotency_keys AS known
      WHERE known.account_id = item."callerAccountId" AND known.key = item.key AND known.created_at > moment - interval '24 hours';
      IF FOUND THEN
        outcome := CASE remembered.fingerprint WHEN item.fingerprint THEN remembered.outcome ELSE '{"refusal": "key_reused"}' END;
        RETURN NEXT;
        CONTINUE;
      END IF;
    END IF;

    -- What is due, and then the item.
    refusal := CASE WHEN account.account_id IS NULL THEN 'account_not_found' END;
    hold := NULL;
    WHILE account.account_id IS NOT NULL LOOP
      step := item.kind;
      IF NOT is_settled THEN
        hold := NULL;
        IF account.frozen > 0 AND NOT is_allowance_due THEN
          SELECT * INTO hold FROM holds AS open
          WHERE open.account_id = account.account_id AND open.status = 'held'
            AND open.expires_at <= least(moment, account.period_end)
          ORDER BY open.expires_at, open.id LIMIT 1;
        END IF;
        IF hold.id IS NOT NULL THEN
          step := 'expiry';
        ELSIF is_allowance_due THEN
          step := 'allowance';
        ELSIF account.period_end <= moment THEN
          step := 'lapse';
        ELSE
          is_settled := true;
        END IF;
      END IF;

      entry := NULL;
      entry.account_id := account.account_id;
      entry.created_at := moment;
      entry.kind := item.kind;
      entry.operation := item.operation;
      entry.reference := item.reference;
      entry.request_id := item."requestId";
      entry.used_change := 0;
      entry.frozen_change := 0;
      entry.allowance_change := 0;

      CASE step
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
            entry.used_change := -least(entry.amount, account.used);
            IF entry.amount + entry.used_change > credits_max - account.allowance - account.top_up THEN
              refusal := 'balance_overflow';
            END IF;
          END IF;

        WHEN 'hold' THEN
          IF item.amount > account.allowance + account.top_up - account.used - account.frozen THEN
            refusal := 'out_of_credits';
          ELSE
            INSERT INTO holds AS made (account_id, id, operation, amount, reference, expires_at, created_at)
            VALUES (account.account_id, gen_random_uuid(), item.operation, item.amount, item.reference,
              moment + make_interval(secs => item."expiresInSeconds"), moment)
            RETURNING made.* INTO hold;
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
          ELSIF step = 'capture' AND item.amount > hold.amount THEN
            refusal := 'more_than_held';
          ELSE
            hold.captured := CASE step WHEN 'capture' THEN coalesce(item.amount, hold.amount) ELSE 0 END;
            hold.status := CASE step WHEN 'capture' THEN 'captured' ELSE 'released' END;
            hold.settled_at := moment;
            entry.operation := hold.operation;
            entry.reference := coalesce(item.reference, hold.reference);
            entry.amount := hold.amount - hold.captured;
            entry.used_change := hold.captured;
            entry.frozen_change := -hold.amount;
          END IF;

        WHEN 'expiry' THEN
          hold.status := 'expired';
          hold.settled_at := moment;
          entry.kind := 'release';
          entry.operation := hold.operation;
          entry.reference := hold.reference;
          entry.request_id := NULL;
          entry.amount := hold.amount;
          entry.frozen_change := -hold.amount;

        WHEN 'lapse' THEN
          -- The allowance is spent first, then frozen, then top-ups are: what of it is neither used nor frozen lapses,
          -- what is frozen stays for its hold, and what was used goes, from the allowance and then from top-ups.
          entry.kind := 'lapse';
          entry.operation := 'allowance';
          entry.reference := NULL;
          entry.request_id := NULL;
          entry.amount := -greatest(0, account.allowance - account.used - account.frozen);
          entry.used_change := -account.used;
          entry.allowance_change := entry.amount - least(account.used, account.allowance);
          account.period_end := ledger_period_after(account.created_at, account.period_end);
          is_changed := true;
          is_allowance_due := true;

        WHEN 'allowance' THEN
          entry.kind := 'grant';
          entry.operation := 'allowance';
          entry.reference := NULL;
          entry.request_id := NULL;
          entry.amount := least(allowance_per_period, credits_max - account.allowance - account.top_up);
          entry.allowance_change := entry.amount;
          is_allowance_due := false;

        WHEN 'settle' THEN
          EXIT;
      END CASE;
      EXIT WHEN refusal IS NOT NULL;

      -- A period in which nothing was granted, used or left leaves no trace.
      IF step NOT IN ('lapse', 'allowance') OR entry.amount <> 0 OR entry.used_change <> 0 THEN
        account.allowance := account.allowance + entry.allowance_change;
        account.top_up := account.top_up
          + entry.amount + entry.used_change + entry.frozen_change - entry.allowance_change;
        account.used := account.used + entry.used_change;
        account.frozen := account.frozen + entry.frozen_change;
        account.sequence := account.sequence + 1;
        account.updated_at := moment;
        is_changed := true;
        entry.sequence := account.sequence;
        entry.balance_after := account.allowance + account.top_up - account.used - account.frozen;
        written := written || entry;
        IF step IN ('capture', 'release', 'expiry') THEN
          UPDATE holds AS settled
          SET status = hold.status, captured = hold.captured, settled_at = hold.settled_at
          WHERE settled.account_id = hold.account_id AND settled.id = hold.id;
        END IF;
      END IF;
      EXIT WHEN is_settled;
    END LOOP;

    IF refusal IS NOT NULL THEN
      outcome := jsonb_build_object(
        'refusal', refusal,
        'spendable', account.allowance + account.top_up - account.used - account.frozen,
        'status', hold.status
      );
    ELSIF item.kind = 'settle' THEN
      outcome := '{}';
    ELSE
      outcome := jsonb_build_object('entry', to_jsonb(entry));
      IF hold.id IS NOT NULL THEN
        outcome := outcome || jsonb_build_object('hold', to_jsonb(hold));
      END IF;
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
    period_end = it.period_end, updated_at = it.updated_at
  FROM unnest(changed) AS it WHERE balance.account_id = it.account_id;
  INSERT INTO entries SELECT * FROM unnest(written);
END $$`;
