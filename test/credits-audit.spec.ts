import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { auditReport } from '../src/credits/audit/audit-report.js';
import { auditLedger } from '../src/credits/audit/ledger-audit.js';
import { dataSourceOptions } from '../src/data-source.js';
import { runProgram } from './support/run-program.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** The audit, on a ledger that is in order and on one that somebody has tampered with. */

const COMMAND = fileURLToPath(new URL('../dist/src/audit-command.js', import.meta.url));
const runCommand = (url: string) => runProgram(process.execPath, [COMMAND], { env: { DATABASE_URL: url } });

let database: TestDatabase;
let dataSource: DataSource;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
  await database.query(
    `WITH opened AS (
       INSERT INTO balances (account_id, allowance, sequence, period_end)
       SELECT id, 1000, 1, ledger_period_after(now(), now()) FROM generate_series(1, 3) AS id RETURNING account_id
     )
     INSERT INTO entries (account_id, sequence, kind, operation, amount, allowance_change, balance_after)
     SELECT account_id, 1, 'grant', 'sign-up', 1000, 1000, 1000 FROM opened`,
  );
  for (const accountId of [1, 2, 3]) {
    await useEverything(accountId);
  }
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function apply(...items: object[]): Promise<{ hold?: { id: string } }[]> {
  const rows = await database.query<{ outcome: { hold?: { id: string } } }>(
    'SELECT outcome FROM ledger_apply($1, 1000) ORDER BY item_index',
    [JSON.stringify(items.map((item, index) => ({ index, operation: 'x', expiresInSeconds: 600, ...item })))],
  );
  return rows.map(({ outcome }) => outcome);
}

/** Every kind of entry, and a hold in each state. */
async function useEverything(accountId: number): Promise<void> {
  const hold = { kind: 'hold', accountId, amount: 50 };
  const [, , a, b, c] = await apply(
    { kind: 'charge', accountId, amount: 300 },
    { kind: 'grant', accountId, amount: 70 },
    hold,
    hold,
    hold,
    hold,
  );
  await apply(
    { kind: 'capture', accountId, holdId: a!.hold!.id, amount: 20 },
    { kind: 'release', accountId, holdId: b!.hold!.id },
    { kind: 'refund', accountId, refundedSequence: 2, amount: 100 },
  );
  await database.query(`UPDATE holds SET expires_at = now() WHERE id = $1`, [c!.hold!.id]);
  await database.query(
    `UPDATE balances SET created_at = now() - interval '1 month 1 minute', period_end = now() - interval '1 minute'
     WHERE account_id = $1`,
    [accountId],
  );
  await apply({ kind: 'charge', accountId, amount: 10 });
}

async function audit(sliceEntries?: number): Promise<string[]> {
  return auditReport(await auditLedger(dataSource, { differencesMax: 20, ...(sliceEntries ? { sliceEntries } : {}) }));
}

const CLEAN = 'credits:audit: 3 accounts, 45 entries, 3 open holds: every balance agrees with its ledger.';

it.each([50_000, 20, 5, 1])(
  'finds nothing in a ledger that is in order, read by %d entries at a time',
  async (size) => {
    expect(await audit(size)).toEqual([CLEAN]);
  },
);

it('the command says so in a line, and exits with 0', async () => {
  expect(await runCommand(database.url)).toMatchObject({ exitCode: 0, stdout: `${CLEAN}\n` });
});

it.each([
  [
    'an amount',
    `UPDATE entries SET amount = amount - 1, used_change = used_change + 1 WHERE account_id = 2 AND sequence = 2`,
  ],
  ['a balance after', `UPDATE entries SET balance_after = balance_after + 1 WHERE account_id = 2 AND sequence = 4`],
  ['a missing entry', `DELETE FROM entries WHERE account_id = 2 AND sequence = 5`],
  ['a missing last entry', `DELETE FROM entries WHERE account_id = 2 AND sequence = 14`],
  ['a time', `UPDATE entries SET created_at = created_at - interval '1 second' WHERE account_id = 2 AND sequence = 9`],
  ['used', `UPDATE balances SET used = used + 1 WHERE account_id = 2`],
  ['frozen', `UPDATE balances SET frozen = frozen + 1 WHERE account_id = 2`],
  [
    'the split of what is available',
    `UPDATE balances SET allowance = allowance + 1, top_up = top_up - 1 WHERE account_id = 2`,
  ],
  ['top-ups', `UPDATE balances SET top_up = top_up + 1 WHERE account_id = 2`],
  ['the number of open holds', `UPDATE balances SET open_holds = open_holds - 1 WHERE account_id = 2`],
  ['the sequence', `UPDATE balances SET sequence = sequence + 1 WHERE account_id = 2`],
  ['what is held', `UPDATE holds SET amount = amount + 1 WHERE account_id = 2 AND status = 'held'`],
  [
    'the state of a hold',
    `UPDATE holds SET status = 'released', settled_at = now() WHERE account_id = 2 AND status = 'held'`,
  ],
  ['what was captured', `UPDATE holds SET captured = captured + 1 WHERE account_id = 2 AND status = 'captured'`],
  ['a missing hold', `DELETE FROM holds WHERE account_id = 2 AND status = 'held'`],
  ['what was refunded', `UPDATE entries SET refunded_sequence = 3 WHERE account_id = 2 AND kind = 'refund'`],
  ['a missing balance', `DELETE FROM balances WHERE account_id = 2`],
])('finds that somebody changed %s', async (_, damage) => {
  const before = await database.query('SELECT count(*) FROM entries');
  expect(before).toEqual([{ count: 45 }]);
  // Only the owner of the table gets past its triggers.
  await database.query(`ALTER TABLE entries DISABLE TRIGGER USER; ${damage}; ALTER TABLE entries ENABLE TRIGGER USER`);
  for (const size of [50_000, 1]) {
    const report = await audit(size);
    expect(report.at(-1)).toMatch(/: 1 account disagrees with its ledger\.$/);
    expect(report.slice(0, -1)).toEqual([expect.stringMatching(/^account 2: ./)]);
  }
});

it('the command names the account, and exits with 1', async () => {
  await database.query('UPDATE balances SET used = used + 1 WHERE account_id = 3');
  const { exitCode, stdout } = await runCommand(database.url);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^account 3: .*used is 11, but its entries add up to 10/);
});

it('is right while others write', async () => {
  let isOver = false;
  const writer = (async () => {
    while (!isOver) {
      await apply({ kind: 'grant', accountId: 1, amount: 1 }, { kind: 'hold', accountId: 2, amount: 1 });
    }
  })();
  for (let i = 0; i < 5; i++) {
    expect((await audit(500)).at(-1)).toMatch(/every balance agrees with its ledger\.$/);
  }
  isOver = true;
  await writer;
});
