import { SingleBar } from 'cli-progress';
import pg from 'pg';
import bcrypt from 'bcrypt';
import { passwordDigest } from '../../src/auth/passwords/password-hash.js';
import { ADMINISTRATOR, FIRST_PERSON, KEY_VERSION, PASSWORD, PASSWORD_KEY, memberIdOf } from './people.js';

/** People per statement. */
const CHUNK = 10_000;
/** As `BCRYPT_COST` and `CREDITS_PER_PERIOD` are by default. */
const BCRYPT_COST = 12;
const ALLOWANCE = 10_000;
/** People who have a top-up as well, so that charges do not run out of credits. */
const PAYERS = 1_001;
const TOP_UP = 1_000_000_000_000;
/** Managed users in the directory of the first person. */
export const MEMBERS = 1_000;

/**
 * Fills a migrated, empty database with people as if they had signed up and logged in once: user, account, password,
 * API key, access token, session, balance, and the entry of the first allowance. One hash serves all passwords: which
 * one is compared makes no difference to the time that it takes.
 *
 * @param url of a superuser, who may load rows past the triggers and foreign keys, as a restored backup does
 */
export async function seed(url: string, people: number): Promise<void> {
  const passwordHash = await bcrypt.hash(passwordDigest(PASSWORD, PASSWORD_KEY), BCRYPT_COST);
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  const bar = progressBar(people);
  try {
    await db.query(`SET session_replication_role = replica`);
    const last = FIRST_PERSON + people - 1;
    for (let first = ADMINISTRATOR; first <= last; first += CHUNK) {
      await db.query(insertPeople(first, Math.min(first + CHUNK - 1, last), passwordHash));
      bar?.update(Math.min(first + CHUNK - 1, people));
    }
    await db.query(`UPDATE users SET role = 'admin' WHERE directory_id = 0 AND id = ${ADMINISTRATOR}`);
    await db.query(insertMembers(last + 1, passwordHash));
    await db.query(`SET session_replication_role = origin`);

    await db.query(`SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users`);
    await db.query(`SELECT setval(pg_get_serial_sequence('accounts', 'id'), max(id)) FROM accounts`);
    await db.query(`SELECT user_counts_rebuild()`);
    await db.query(topUps(Math.min(PAYERS, people)));
    await db.query(`VACUUM ANALYZE`);
    await db.query(`CHECKPOINT`);
  } finally {
    bar?.stop();
    await db.end();
  }
}

function insertPeople(first: number, last: number, passwordHash: string): string {
  const range = `generate_series(${first}, ${last}) AS n`;
  return `
    INSERT INTO users (directory_id, id, external_id, email, email_as_given, email_verified_at, name,
      account_id, access_token_id, access_token_key_version)
    OVERRIDING SYSTEM VALUE
    SELECT 0, n, md5('user:' || n), 'person-' || n || '@bench.example', 'person-' || n || '@bench.example', now(), 'Person Number ' || n,
      n, left(md5('access_token:' || n), 22), '${KEY_VERSION}'
    FROM ${range};

    INSERT INTO accounts (directory_id, id, user_id) OVERRIDING SYSTEM VALUE SELECT 0, n, n FROM ${range};

    INSERT INTO passwords (directory_id, user_id, hash, key_version)
    SELECT 0, n, '${passwordHash}', '${PASSWORD_KEY.version}' FROM ${range};

    INSERT INTO credentials (id, directory_id, user_id, kind, key_version, expires_at, last_used_at, address, user_agent)
    SELECT left(md5(kind || ':' || n), 22), 0, n, kind, '${KEY_VERSION}',
      CASE kind WHEN 'session' THEN now() + interval '7 days' END,
      CASE kind WHEN 'session' THEN now() END,
      CASE kind WHEN 'session' THEN '127.0.0.1' END,
      CASE kind WHEN 'session' THEN 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' END
    FROM ${range} CROSS JOIN unnest(ARRAY['api_key', 'access_token', 'session']) AS kind;

    INSERT INTO balances (account_id, allowance, sequence, period_end)
    SELECT n, ${ALLOWANCE}, 1, ledger_period_after(now(), now()) FROM ${range};

    INSERT INTO entries (account_id, sequence, kind, operation, amount, allowance_change, balance_after)
    SELECT n, 1, 'grant', 'sign-up', ${ALLOWANCE}, ${ALLOWANCE}, ${ALLOWANCE} FROM ${range}`;
}

function insertMembers(firstId: number, passwordHash: string): string {
  return `
    INSERT INTO users (directory_id, id, external_id, email, email_as_given, username, profile)
    OVERRIDING SYSTEM VALUE
    SELECT ${FIRST_PERSON}, ${firstId} + n, '${memberIdOf(0).slice(0, -1)}' || n, 'member-' || n || '@bench.example',
      'member-' || n || '@bench.example', 'name-' || n, '{"plan": "basic"}'
    FROM generate_series(0, ${MEMBERS - 1}) AS n;

    INSERT INTO passwords (directory_id, user_id, hash, key_version)
    SELECT ${FIRST_PERSON}, ${firstId} + n, '${passwordHash}', '${PASSWORD_KEY.version}'
    FROM generate_series(0, ${MEMBERS - 1}) AS n`;
}

function topUps(payers: number): string {
  return `
    SELECT count(*) FROM ledger_apply((
      SELECT jsonb_agg(jsonb_build_object(
        'index', n, 'kind', 'grant', 'accountId', ${FIRST_PERSON} + n, 'amount', ${TOP_UP}, 'operation', 'top-up'))
      FROM generate_series(0, ${payers - 1}) AS n
    ), ${ALLOWANCE})`;
}

function progressBar(people: number): SingleBar | undefined {
  if (!process.stderr.isTTY) {
    process.stderr.write(`bench: making ${people.toLocaleString('en-US')} people\n`);
    return undefined;
  }
  const bar = new SingleBar({
    format: 'bench: making people [{bar}] {percentage}% | {value} of {total} | {eta_formatted} left',
    barsize: 20,
    formatValue: (value, _options, type) => (type === 'percentage' ? String(value) : value.toLocaleString('en-US')),
    stream: process.stderr,
    linewrap: true,
  });
  bar.start(people, 0);
  return bar;
}
