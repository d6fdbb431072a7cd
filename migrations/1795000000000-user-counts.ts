import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of users from which a position in a long list is found. See docs/adr/0013-counts-for-deep-lists.md. */
export class UserCounts1795000000000 implements MigrationInterface {
  readonly name = 'UserCounts1795000000000';

  async up(db: QueryRunner): Promise<void> {
    // A block holds the ids that are the same but for their last `shift` bits. Its users are the sum of its rows:
    // transactions that change it at the same time each have one of their own. Half of each page is left free for
    // updates, so that they need not touch the index.
    await db.query(`
      CREATE TABLE "user_counts" (
        "directory_id" bigint NOT NULL,
        "shift" smallint NOT NULL,
        "block" bigint NOT NULL,
        "slot" bigint GENERATED ALWAYS AS IDENTITY,
        "users" integer NOT NULL,
        CONSTRAINT "user_counts_pkey" PRIMARY KEY ("directory_id", "shift", "block", "slot")
      ) WITH (fillfactor = 50)`);
    await db.query(USER_COUNTS_KEEP);
    await db.query(`
      CREATE TRIGGER "user_counts_keep_on_insert" AFTER INSERT ON "users" REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION "user_counts_keep"()`);
    await db.query(`
      CREATE TRIGGER "user_counts_keep_on_delete" AFTER DELETE ON "users" REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION "user_counts_keep"()`);
    await db.query(USER_COUNTS_REBUILD);
    await db.query(`SELECT user_counts_rebuild()`);
    await db.query(USERS_ID_AT);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION "users_id_at"`);
    await db.query(`DROP FUNCTION "user_counts_rebuild"`);
    await db.query(`DROP TRIGGER "user_counts_keep_on_delete" ON "users"`);
    await db.query(`DROP TRIGGER "user_counts_keep_on_insert" ON "users"`);
    await db.query(`DROP FUNCTION "user_counts_keep"`);
    await db.query(`DROP TABLE "user_counts"`);
  }
}

/** Blocks of 2^24 ids, which consist of 256 blocks of 2^16, which consist of 256 blocks of 2^8. */
const SHIFTS = `'{24, 16, 8}'::int[]`;

/**
 * Counts what a statement has added or taken away, in the same transaction. Rows that other transactions have changed
 * and not committed yet are left alone: nobody waits here, so nobody can deadlock here either. Rows that were made by
 * such an encounter are put together again by whoever comes next.
 */
const USER_COUNTS_KEEP = `
CREATE FUNCTION user_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign constant int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
  change record;
  free_slots bigint[];
  total int;
BEGIN
  FOR change IN
    SELECT directory_id, shift, id >> shift AS block, sign * count(*)::int AS users
    FROM changed CROSS JOIN unnest(${SHIFTS}) AS shift
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 -- so that neighbours are stored side by side
  LOOP
    SELECT array_agg(slot), sum(users) + change.users INTO free_slots, total
    FROM (
      SELECT slot, users FROM user_counts
      WHERE directory_id = change.directory_id AND shift = change.shift AND block = change.block
      FOR UPDATE SKIP LOCKED
    ) AS free;

    IF free_slots IS NULL THEN
      INSERT INTO user_counts (directory_id, shift, block, users)
      VALUES (change.directory_id, change.shift, change.block, change.users);
      CONTINUE;
    END IF;
    IF total <> 0 THEN
      UPDATE user_counts SET users = total
      WHERE directory_id = change.directory_id AND shift = change.shift AND block = change.block
        AND slot = free_slots[1];
      free_slots := free_slots[2:];
    END IF;
    IF cardinality(free_slots) > 0 THEN
      DELETE FROM user_counts
      WHERE directory_id = change.directory_id AND shift = change.shift AND block = change.block
        AND slot = ANY (free_slots);
    END IF;
  END LOOP;
  RETURN NULL;
END $$`;

/** Counts everybody anew: for users that came before the counts, or past the triggers. Writers wait meanwhile. */
const USER_COUNTS_REBUILD = `
CREATE FUNCTION user_counts_rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM user_counts;
  INSERT INTO user_counts (directory_id, shift, block, users)
  SELECT directory_id, shift, id >> shift, count(*)
  FROM users CROSS JOIN unnest(${SHIFTS}) AS shift
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
END $$`;

/**
 * The id of the user before whom \`position\` others of the directory come, in the order of their ids; null beyond the
 * end. Goes down from the large blocks to the small ones. STABLE, so that it sees what the calling statement sees.
 */
const USERS_ID_AT = `
CREATE FUNCTION users_id_at(directory bigint, "position" bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  to_skip bigint := "position";
  first_id bigint := 0;
  last_id bigint := 9223372036854775807;
  level int;
  found_block record;
BEGIN
  FOREACH level IN ARRAY ${SHIFTS} LOOP
    SELECT block, users_to_here - users_in AS users_before INTO found_block
    FROM (
      SELECT block, sum(users) AS users_in, (sum(sum(users)) OVER (ORDER BY block))::bigint AS users_to_here
      FROM user_counts
      WHERE directory_id = directory AND shift = level AND block BETWEEN first_id >> level AND last_id >> level
      GROUP BY block
    ) AS blocks
    WHERE users_to_here > to_skip
    ORDER BY block
    LIMIT 1;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
    to_skip := to_skip - found_block.users_before;
    first_id := found_block.block << level;
    last_id := first_id + (1::bigint << level) - 1;
  END LOOP;
  RETURN (
    SELECT id FROM users WHERE directory_id = directory AND id BETWEEN first_id AND last_id
    ORDER BY id OFFSET to_skip LIMIT 1
  );
END $$`;
