import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { OutOfCredits } from '../src/credits/credits.errors.js';
import { Ledger, type LedgerOperation, type Performed } from '../src/credits/ledger.js';
import { DomainError } from '../src/errors/domain-error.js';
import { PreparedStatements } from '../src/database/prepared-statements.js';
import { Metrics } from '../src/operations/metrics.js';
import type { Principal } from '../src/route-policy/principal.js';
import { TestApp } from './support/test-app.js';

/** What the ledger must do, said once more in plain steps, and held against the real one. */

const ALLOWANCE = 1000;
const ACCOUNTS = 3;

let app: TestApp;
let ledger: Ledger;

beforeAll(async () => {
  app = await TestApp.start({ creditsPerPeriod: ALLOWANCE });
  ledger = app.nest.get(Ledger);
});
afterAll(() => app.stop());

const caller: Principal = {
  directoryId: 0,
  userId: 1,
  accountId: 1,
  role: 'admin',
  credential: { id: 'x', kind: 'api_key', carrier: 'header' },
  person: { externalId: 'x', email: 'x@example.com', isEmailVerified: false, username: 'x@example.com', name: '' },
  accessToken: null,
};
const origin = { principal: caller, requestId: 'r' };
const perform = (operation: Exclude<LedgerOperation, { kind: 'settle' }>) => ledger.perform(operation, origin);

let lastAccountId = 1_000_000;

async function openAccounts(count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => ++lastAccountId);
  await app.database.query(
    `WITH opened AS (
       INSERT INTO balances (account_id, allowance, sequence, period_end)
       SELECT id, $2, 1, ledger_period_after(now(), now()) FROM unnest($1::bigint[]) AS id RETURNING account_id
     )
     INSERT INTO entries (account_id, sequence, kind, operation, amount, allowance_change, balance_after)
     SELECT account_id, 1, 'grant', 'sign-up', $2::bigint, $2::bigint, $2::bigint FROM opened`,
    [ids, ALLOWANCE],
  );
  return ids;
}

interface ModelHold {
  id?: string;
  createdAt?: Date;
  /** Allowance of an ended period. */
  carried: number;
  amount: number;
  state: 'held' | 'settled';
}

const oldestFirst = (a: ModelHold, b: ModelHold) =>
  a.createdAt!.getTime() - b.createdAt!.getTime() || (a.id! < b.id! ? -1 : 1);

/** One account: two pots, of which the allowance is used first. */
class Model {
  allowance = ALLOWANCE;
  topUp = 0;
  used = 0;
  /** The entry with which the last period was closed. */
  usedSince = 0;
  entries = 1;
  holds: ModelHold[] = [];
  charges: { sequence: number; left: number }[] = [];

  get frozen(): number {
    return this.holds.reduce((sum, { amount, state }) => sum + (state === 'held' ? amount : 0), 0);
  }
  get spendable(): number {
    return this.allowance + this.topUp - this.used - this.frozen;
  }

  endPeriod(): void {
    const fromAllowance = Math.min(this.used, this.allowance);
    const fromTopUp = this.used - fromAllowance;
    const reserved = Math.min(this.frozen, this.allowance - fromAllowance);
    const lapsed = this.allowance - fromAllowance - reserved;
    if (lapsed > 0 || this.used > 0) {
      this.usedSince = ++this.entries;
    }
    this.entries++;
    this.topUp -= fromTopUp;
    this.used = 0;
    this.allowance = reserved + ALLOWANCE;
    let left = reserved;
    for (const hold of this.holds.filter(({ state }) => state === 'held').sort(oldestFirst)) {
      hold.carried = Math.min(hold.amount, left);
      left -= hold.carried;
    }
  }

  /** What a settled hold did not spend of an ended period's allowance lapses. */
  lapseOf({ carried }: ModelHold, captured: number): void {
    if (carried > captured) {
      this.allowance -= carried - captured;
      this.entries++;
    }
  }
}

const AMOUNT = fc.integer({ min: 1, max: 700 });
const WHICH = fc.nat(20);
const OPERATION = fc.oneof(
  fc.record({ kind: fc.constant('charge' as const), amount: AMOUNT }),
  fc.record({ kind: fc.constant('hold' as const), amount: AMOUNT }),
  fc.record({ kind: fc.constant('capture' as const), which: WHICH, amount: fc.option(AMOUNT, { nil: undefined }) }),
  fc.record({ kind: fc.constant('release' as const), which: WHICH }),
  fc.record({ kind: fc.constant('refund' as const), which: WHICH, amount: fc.option(AMOUNT, { nil: undefined }) }),
  fc.record({ kind: fc.constant('grant' as const), amount: AMOUNT }),
);
/** Either many operations at once, or time that passes for one account. */
const STEP = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.record({ account: fc.nat(ACCOUNTS - 1), operation: OPERATION }), {
      minLength: 1,
      maxLength: 12,
    }),
  },
  { weight: 1, arbitrary: fc.record({ account: fc.nat(ACCOUNTS - 1), months: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ account: fc.nat(ACCOUNTS - 1), expires: WHICH }) },
);
type Wish = typeof OPERATION extends fc.Arbitrary<infer Value> ? Value : never;

/** What the real ledger is asked for; undefined where the wish names nothing that exists. */
function operationOf(
  accountId: number,
  model: Model,
  wish: Wish,
): Exclude<LedgerOperation, { kind: 'settle' }> | undefined {
  switch (wish.kind) {
    case 'charge':
    case 'grant':
      return { accountId, operation: 'model', ...wish };
    case 'hold':
      return { accountId, operation: 'model', expiresInSeconds: 3600, ...wish };
    case 'capture':
    case 'release': {
      const hold = model.holds.filter(({ id }) => id !== undefined)[wish.which];
      return (
        hold && {
          accountId,
          holdId: hold.id!,
          kind: wish.kind,
          ...(wish.kind === 'capture' ? { amount: wish.amount } : {}),
        }
      );
    }
    case 'refund': {
      const charge = model.charges[wish.which];
      return charge && { kind: 'refund', accountId, refundedSequence: charge.sequence, amount: wish.amount };
    }
  }
}

/** Carries a wish out in the model: the change of what is spendable, or the code of the refusal. */
function expected(model: Model, wish: Wish, made: { holds: ModelHold[]; charges: Model['charges'] }): number | string {
  const before = model.spendable;
  const done = () => {
    model.entries++;
    return model.spendable - before;
  };
  switch (wish.kind) {
    case 'charge':
      if (wish.amount > model.spendable) {
        return 'credits.out_of_credits';
      }
      model.used += wish.amount;
      made.charges.push({ sequence: model.entries + 1, left: wish.amount });
      return done();
    case 'grant':
      model.topUp += wish.amount;
      return done();
    case 'hold': {
      if (wish.amount > model.spendable) {
        return 'credits.out_of_credits';
      }
      const hold: ModelHold = { amount: wish.amount, carried: 0, state: 'held' };
      model.holds.push(hold);
      made.holds.push(hold);
      return done();
    }
    case 'capture':
    case 'release': {
      const hold = model.holds.filter(({ id }) => id !== undefined)[wish.which]!;
      if (hold.state === 'settled') {
        return 'credits.hold_settled';
      }
      const captured = wish.kind === 'release' ? 0 : (wish.amount ?? hold.amount);
      if (captured > hold.amount) {
        return 'credits.more_than_held';
      }
      hold.state = 'settled';
      model.used += captured;
      if (captured > 0) {
        made.charges.push({ sequence: model.entries + 1, left: captured });
      }
      const change = done();
      model.lapseOf(hold, captured);
      return change;
    }
    case 'refund': {
      const charge = model.charges[wish.which]!;
      if (charge.left === 0) {
        return 'credits.charge_refunded';
      }
      const amount = wish.amount ?? charge.left;
      if (amount > charge.left) {
        return 'credits.more_than_charged';
      }
      charge.left -= amount;
      if (charge.sequence > model.usedSince) {
        model.used -= amount;
      } else {
        model.topUp += amount;
      }
      return done();
    }
  }
}

async function balanceOf(accountId: number) {
  const [row] = await app.database.query<Record<'allowance' | 'top_up' | 'used' | 'frozen' | 'sequence', number>>(
    'SELECT allowance, top_up, used, frozen, sequence FROM balances WHERE account_id = $1',
    [accountId],
  );
  return row!;
}

it('does what the model does, whatever comes together and however time passes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 15 }), async (steps) => {
      const ids = await openAccounts(ACCOUNTS);
      const models = ids.map(() => new Model());

      for (const step of steps) {
        if ('months' in step) {
          await app.database.query(
            `UPDATE balances SET created_at = opened, period_end = ledger_period_after(opened, opened)
             FROM (SELECT now() - make_interval(months => $2) - interval '1 minute' AS opened) AS past WHERE account_id = $1`,
            [ids[step.account], step.months],
          );
          for (let i = 0; i < step.months; i++) {
            models[step.account]!.endPeriod();
          }
          await ledger.settle(ids[step.account]!);
        } else if ('expires' in step) {
          const hold = models[step.account]!.holds[step.expires];
          if (hold?.state === 'held') {
            await app.database.query(`UPDATE holds SET expires_at = now() - interval '1 second' WHERE id = $1`, [
              hold.id,
            ]);
            hold.state = 'settled';
            models[step.account]!.entries++;
            models[step.account]!.lapseOf(hold, 0);
            await ledger.settle(ids[step.account]!);
          }
        } else {
          await burst(ids, models, step);
        }
      }

      for (const [i, id] of ids.entries()) {
        await ledger.settle(id);
        const model = models[i]!;
        expect(await balanceOf(id)).toEqual({
          allowance: model.allowance,
          top_up: model.topUp,
          used: model.used,
          frozen: model.frozen,
          sequence: model.entries,
        });
      }
    }),
    { numRuns: 100 },
  );
});

/** All at once, so that they travel together; the model takes them in the order in which they were sent. */
async function burst(ids: number[], models: Model[], wishes: { account: number; operation: Wish }[]): Promise<void> {
  const sent: { promise: Promise<Performed>; expectation: number | string; hold?: ModelHold | undefined }[] = [];
  const made = models.map(() => ({ holds: [] as ModelHold[], charges: [] as Model['charges'] }));
  for (const { account, operation: wish } of wishes) {
    const model = models[account]!;
    const operation = operationOf(ids[account]!, model, wish);
    if (operation) {
      const holdsBefore = made[account]!.holds.length;
      const expectation = expected(model, wish, made[account]!);
      const hold = made[account]!.holds[holdsBefore];
      const promise = perform(operation);
      promise.catch(() => undefined);
      sent.push({ promise, expectation, hold });
    }
  }
  for (const { promise, expectation, hold } of sent) {
    const outcome = await promise.catch((error: unknown) => error);
    if (outcome instanceof DomainError) {
      expect(outcome.code).toBe(expectation);
    } else {
      const { entry, hold: view } = outcome as Performed;
      expect(entry.amount).toBe(expectation);
      if (hold) {
        hold.id = view!.id;
        hold.createdAt = view!.createdAt;
      }
    }
  }
  models.forEach((model, i) => model.charges.push(...made[i]!.charges));
}

describe('group commit', () => {
  const transactions = async (accounts: number[]) =>
    (
      await app.database.query<{ count: number }>(
        `SELECT count(DISTINCT xmin::text) FROM entries WHERE account_id = ANY($1) AND sequence > 1`,
        [accounts],
      )
    )[0]!.count;

  it('charges that come together are committed together, whichever accounts they belong to', async () => {
    const ids = await openAccounts(20);
    const charges = Array.from({ length: 300 }, (_, i) =>
      perform({ kind: 'charge', accountId: ids[i % 20]!, amount: 1, operation: 'x' }),
    );
    await Promise.all(charges);
    // 300 of them, at most 200 at a time.
    expect(await transactions(ids)).toBe(2);
  });

  it('each is decided in its own right, in order of arrival', async () => {
    const [accountId] = await openAccounts(1);
    const amounts = [600, 500, 300, 200, 100, 50, 50, 1];
    const outcomes = await Promise.allSettled(
      amounts.map((amount) => perform({ kind: 'charge', accountId: accountId!, amount, operation: 'x' })),
    );
    expect(
      outcomes.map((it) => (it.status === 'fulfilled' ? it.value.entry.sequence : (it.reason as OutOfCredits).code)),
    ).toEqual([
      2,
      'credits.out_of_credits',
      3,
      'credits.out_of_credits',
      4,
      'credits.out_of_credits',
      'credits.out_of_credits',
      'credits.out_of_credits',
    ]);
  });

  it('one that the database refuses fails alone', async () => {
    const [accountId] = await openAccounts(1);
    const amounts = [1, 2, -3, 4];
    const outcomes = await Promise.allSettled(
      amounts.map((amount) => perform({ kind: 'charge', accountId: accountId!, amount, operation: 'x' })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await balanceOf(accountId!)).toMatchObject({ used: 7, sequence: 4 });
  });

  it('checklist 57: what may have happened is not tried again', async () => {
    const [accountId] = await openAccounts(1);
    const statements = app.nest.get(PreparedStatements);
    const run = statements.run.bind(statements);
    const lost = Object.assign(new Error('read EWHATEVER'), { errno: -1, syscall: 'read', code: 'EWHATEVER' });
    let isLost = false;
    jest.spyOn(statements, 'run').mockImplementation(async (statement, parameters) => {
      const rows = await run(statement, parameters);
      // The one with several items.
      if (!isLost && rows.length > 1) {
        isLost = true;
        throw lost;
      }
      return rows;
    });
    const charges = [1, 2, 3].map((amount) =>
      perform({ kind: 'charge', accountId: accountId!, amount, operation: 'x' }),
    );
    const outcomes = await Promise.allSettled(charges);
    jest.restoreAllMocks();
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await balanceOf(accountId!)).toMatchObject({ used: 6, sequence: 4 });
  });

  it('a serialization failure is tried again, also alone', async () => {
    const [accountId] = await openAccounts(1);
    const extra = { options: '-c default_transaction_isolation=repeatable\\ read' };
    const sources = await Promise.all(
      [1, 2].map(() => new DataSource({ type: 'postgres', url: app.database.url, extra }).initialize()),
    );
    try {
      const charges = sources.flatMap((source) => {
        const one = new Ledger(new PreparedStatements(source), app.configuration, new Metrics());
        return Array.from({ length: 30 }, async () => {
          await sleep(Math.random() * 100);
          return one.perform({ kind: 'charge', accountId: accountId!, amount: 1, operation: 'x' }, origin);
        });
      });
      await Promise.all(charges);
    } finally {
      await Promise.all(sources.map((source) => source.destroy()));
    }
    expect(await balanceOf(accountId!)).toMatchObject({ used: 60 });
  });

  it('checklist 55: several processes at once decide as one would', async () => {
    const ids = await openAccounts(3);
    const sessions = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const session = new pg.Client(app.database.url);
        await session.connect();
        return session;
      }),
    );
    const spend = async (session: pg.Client, n: number): Promise<number> => {
      // Each batch names the accounts in another order.
      const items = ids.map((_, i) => ({
        index: i,
        kind: 'charge',
        accountId: ids[(i * (1 + (n % 2)) + n) % ids.length],
        amount: 1 + (n % 7),
        operation: 'x',
      }));
      const { rows } = await session.query<{ outcome: { entry?: { amount: number } } }>(
        'SELECT outcome FROM ledger_apply($1, 0)',
        [JSON.stringify(items)],
      );
      return rows.reduce((sum, { outcome }) => sum - (outcome.entry?.amount ?? 0), 0);
    };
    const spent = await Promise.all(
      sessions.map(async (session, s) => {
        let sum = 0;
        for (let i = 0; i < 60; i++) {
          sum += await spend(session, s + i);
        }
        await session.end();
        return sum;
      }),
    );
    const rows = await Promise.all(ids.map(balanceOf));
    expect(rows.reduce((sum, { used }) => sum + used, 0)).toBe(spent.reduce((sum, n) => sum + n));
    for (const [i, accountId] of ids.entries()) {
      const lines = await app.database.query<{ sequence: number; balance_after: number }>(
        'SELECT sequence, balance_after FROM entries WHERE account_id = $1 ORDER BY sequence',
        [accountId],
      );
      expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, n) => n + 1));
      expect(lines.at(-1)!.balance_after).toBe(ALLOWANCE - rows[i]!.used);
      expect(lines.at(-1)!.balance_after).toBeLessThan(7);
    }
  });
});

it('ten thousand holds may be open at a time; they expire together, and others are served meanwhile', async () => {
  const [accountId, other] = (await openAccounts(2)) as [number, number];
  const hold = { kind: 'hold', accountId, amount: 1, operation: 'x', expiresInSeconds: 600 } as const;
  await perform({ kind: 'grant', accountId, amount: 20_000, operation: 'x' });
  await app.database.query('SELECT count(*) FROM ledger_apply($1, 0)', [
    JSON.stringify(Array.from({ length: 10_000 }, (_, index) => ({ index, ...hold }))),
  ]);
  await expect(perform(hold)).rejects.toMatchObject({ code: 'credits.too_many_holds' });

  await app.database.query(`UPDATE holds SET expires_at = now() WHERE account_id = $1`, [accountId]);
  await Promise.all([
    ledger.settle(accountId),
    perform({ kind: 'charge', accountId: other, amount: 1, operation: 'x' }),
    perform(hold),
  ]);
  expect(await balanceOf(accountId)).toMatchObject({ frozen: 1, used: 0, sequence: 20_003 });
  expect(await balanceOf(other)).toMatchObject({ used: 1 });
});
