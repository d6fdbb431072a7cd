import { jest } from '@jest/globals';
import { Transactions } from '../src/database/transactions.js';
import { CodesService, type CodeHolder } from '../src/tokens/codes.service.js';
import type { CodePurpose } from '../src/tokens/code-text.js';
import { TooManyWrongCodes } from '../src/tokens/tokens.errors.js';
import { TestApp } from './support/test-app.js';

/** What one-time codes promise, asked of the service by many at once. */

const OLD_KEY = 'the old secret key of tests, long enough';
const NEW_KEY = 'the new secret key of tests, long enough';

let app: TestApp;
let codes: CodesService;
let holder: CodeHolder;

beforeAll(async () => {
  app = await TestApp.start({ isRateLimited: true });
  codes = app.nest.get(CodesService);
});
afterAll(() => app.stop());
beforeEach(async () => {
  holder = await aHolder();
});

async function aHolder(directoryId = 1000): Promise<CodeHolder> {
  const email = `user-${Math.random().toString(36).slice(2)}@example.com`;
  const [row] = await app.database.query<{ id: number }>(
    `INSERT INTO users (directory_id, external_id, email, email_as_given) VALUES ($1, $2, $2, $2) RETURNING id`,
    [directoryId, email],
  );
  return { directoryId, userId: row!.id, email };
}

const inTransaction = <Result>(work: Parameters<Transactions['run']>[0]) =>
  app.nest.get(Transactions).run(work) as Promise<Result>;
const issue = (purpose: CodePurpose, to = holder, ttlSeconds?: number) =>
  inTransaction<string>((tx) => codes.issue(tx, purpose, to, ttlSeconds));
const redeem = (code: string, by = holder) => inTransaction<boolean>((tx) => codes.redeemResetCode(tx, by, code));
const openLink = (token: string, directoryId = holder.directoryId) =>
  inTransaction<CodeHolder | null>((tx) => codes.redeemMagicLink(tx, directoryId, token));
const verify = (token: string, directoryId?: number) =>
  inTransaction<CodeHolder | null>((tx) => codes.findVerified(tx, directoryId, token));
const times = <Result>(count: number, work: (i: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));
const rowOf = async (purpose: CodePurpose) =>
  (
    await app.database.query<{ wrong_tries: number; seconds: number }>(
      `SELECT *, extract(epoch FROM expires_at - now())::float AS seconds FROM codes WHERE user_id = $1 AND purpose = $2`,
      [holder.userId, purpose],
    )
  )[0]!;
const setRow = (assignments: string) =>
  app.database.query(`UPDATE codes SET ${assignments} WHERE user_id = $1`, [holder.userId]);

/** Eight of the right letters and digits, and never the code. */
const guesses = (count: number) =>
  Array.from({ length: count }, (_, i) => `2222${(i + 1).toString().padStart(4, '2').replace(/[01]/g, 'Z')}`);

describe('a reset code', () => {
  it('is 8 unambiguous letters and digits, and is taken as it may be typed', async () => {
    const code = await issue('password_reset');
    expect(code).toMatch(/^[2-9A-HJKMNP-Z]{8}$/);
    expect(await codes.isResetCode(holder, ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `)).toBe(true);
  });

  it('checklist 12: of 50 redemptions at once one succeeds, and none later', async () => {
    const code = await issue('password_reset');
    expect((await times(50, () => redeem(code))).filter(Boolean)).toHaveLength(1);
    expect(await redeem(code)).toBe(false);
    expect(await codes.isResetCode(holder, code)).toBe(false);
  });

  it('checklist 10: of 1,000 guesses at once five are looked at; the code is dead', async () => {
    const code = await issue('password_reset');
    const wrong = guesses(1000);
    expect(wrong).not.toContain(code);
    await Promise.all(wrong.map((guess) => codes.isResetCode(holder, guess)));
    expect((await rowOf('password_reset')).wrong_tries).toBe(5);
    expect(await redeem(code)).toBe(false);
  });

  it('checklist 10: the right code among the guesses is found in five tries or not at all', async () => {
    const code = await issue('password_reset');
    const tries = [...guesses(4), code].map((guess) => redeem(guess));
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);

    const next = await issue('password_reset');
    for (const guess of guesses(5)) {
      expect(await redeem(guess)).toBe(false);
    }
    expect(await redeem(next)).toBe(false);
  });

  it('checklist 11: a new code voids the old one and refills no tries', async () => {
    const first = await issue('password_reset');
    await Promise.all(guesses(4).map((guess) => codes.isResetCode(holder, guess)));
    const second = await issue('password_reset');
    expect((await rowOf('password_reset')).wrong_tries).toBe(4);
    expect(await codes.isResetCode(holder, first)).toBe(false); // The fifth wrong try.
    expect(await redeem(second)).toBe(false);
  });

  it('checklist 11: after five wrong tries there is no new code until the window is over', async () => {
    await issue('password_reset');
    await Promise.all(guesses(5).map((guess) => codes.isResetCode(holder, guess)));

    const refusal = await issue('password_reset').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TooManyWrongCodes);
    expect((refusal as TooManyWrongCodes).retryAfterSeconds).toBeGreaterThan(800);
    expect((refusal as TooManyWrongCodes).retryAfterSeconds).toBeLessThanOrEqual(900);

    await setRow(`wrong_tries_until = now() - interval '1 millisecond'`);
    const code = await issue('password_reset');
    expect((await rowOf('password_reset')).wrong_tries).toBe(0);
    expect(await redeem(code)).toBe(true);
  });

  it('of 50 asked for at once, the last is good and the others are not', async () => {
    const issued = await times(50, () => issue('password_reset'));
    const [{ count }] = (await app.database.query('SELECT count(*) FROM codes WHERE user_id = $1', [
      holder.userId,
    ])) as [{ count: number }];
    expect(count).toBe(1);
    await setRow('wrong_tries = -1000');
    const good = await Promise.all(issued.map((code) => codes.isResetCode(holder, code)));
    expect(good.filter(Boolean)).toHaveLength(1);
  });
});

describe('a new code', () => {
  it('lasts as long as one, whatever the time of the old one was', async () => {
    await issue('password_reset');
    await setRow(`expires_at = now() - interval '1 hour'`);
    const code = await issue('password_reset');
    expect(await codes.isResetCode(holder, code)).toBe(true);
  });

  it('is good until it is redeemed, however often one looks', async () => {
    const code = await issue('password_reset');
    expect([await codes.isResetCode(holder, code), await codes.isResetCode(holder, code)]).toEqual([true, true]);
    expect(await redeem(code)).toBe(true);
    expect(await codes.isResetCode(holder, code)).toBe(false);
    expect(await redeem(await issue('password_reset'))).toBe(true);
  });
});

describe('a magic link', () => {
  it('is 22 letters and digits and tells whose it is, once; of 50 at once one is told', async () => {
    const token = await issue('magic_link');
    expect(token).toMatch(/^[0-9A-Za-z]{22}$/);
    expect((await times(50, () => openLink(token))).filter(Boolean)).toEqual([holder]);
    expect(await openLink(token)).toBeNull();
  });

  it('checklist 11: is void when there is a newer one', async () => {
    const [first, second] = [await issue('magic_link'), await issue('magic_link')];
    expect(await openLink(first)).toBeNull();
    expect(await openLink(second)).toEqual(holder);
  });
});

it('checklist 15: a verification token is good again and again, by 50 at once', async () => {
  const token = await issue('email_verification');
  expect((await times(50, () => verify(token))).filter(Boolean)).toHaveLength(50);
  expect(await verify(token, holder.directoryId)).toEqual(holder);
});

describe('checklist 13: refused are', () => {
  it('a code for another purpose', async () => {
    const [reset, link, verification] = [
      await issue('password_reset'),
      await issue('magic_link'),
      await issue('email_verification'),
    ];
    expect([await openLink(reset), await openLink(verification)]).toEqual([null, null]);
    expect([await verify(reset), await verify(link)]).toEqual([null, null]);
    expect([await redeem(link), await redeem(verification)]).toEqual([false, false]);
    expect([await redeem(reset), await openLink(link), await verify(verification)]).toEqual([true, holder, holder]);
  });

  it('a code of another user', async () => {
    const other = await aHolder();
    const [code, otherCode] = [await issue('password_reset'), await issue('password_reset', other)];
    expect([await redeem(otherCode), await redeem(code, other)]).toEqual([false, false]);
  });

  it('the same digest in the row of another user', async () => {
    const other = await aHolder();
    const code = await issue('password_reset');
    await issue('password_reset', other);
    await app.database.query(
      `WITH stolen AS (DELETE FROM codes WHERE user_id = $1 RETURNING digest)
       UPDATE codes SET digest = stolen.digest FROM stolen WHERE user_id = $2`,
      [holder.userId, other.userId],
    );
    expect(await redeem(code, other)).toBe(false);
  });

  it('the same digest in the row of another purpose', async () => {
    const move = async (from: CodePurpose, to: CodePurpose) => {
      await issue(to);
      const token = await issue(from);
      await app.database.query(
        `WITH stolen AS (DELETE FROM codes WHERE user_id = $1 AND purpose = $2 RETURNING digest)
         UPDATE codes SET digest = stolen.digest FROM stolen WHERE user_id = $1 AND purpose = $3`,
        [holder.userId, from, to],
      );
      return token;
    };
    const link = await move('magic_link', 'email_verification');
    expect([await openLink(link), await verify(link)]).toEqual([null, null]);
    const verification = await move('email_verification', 'magic_link');
    expect([await openLink(verification), await verify(verification)]).toEqual([null, null]);
  });

  it('and counted against nobody else, tries at the code of a user', async () => {
    const { directoryId, userId, email } = holder;
    const [neighbour, namesake] = [await aHolder(), { ...holder, directoryId: directoryId + 1 }];
    await app.database.query(
      `INSERT INTO users (directory_id, id, external_id, email, email_as_given) OVERRIDING SYSTEM VALUE
       VALUES ($1, $2, $3, $3, $3)`,
      [namesake.directoryId, userId, email],
    );
    // Once the address was the neighbour's.
    const codeOfNeighbour = await issue('password_reset', { ...neighbour, email });
    const codeOfNamesake = await issue('password_reset', namesake);
    await issue('password_reset');
    for (const guess of guesses(5)) {
      expect(await redeem(guess)).toBe(false);
    }
    expect(await redeem(codeOfNeighbour, { ...neighbour, email })).toBe(true);
    expect(await redeem(codeOfNamesake, namesake)).toBe(true);
  });

  it('a token of another directory', async () => {
    const [link, verification] = [await issue('magic_link'), await issue('email_verification')];
    expect(await openLink(link, holder.directoryId + 1)).toBeNull();
    expect(await verify(verification, holder.directoryId + 1)).toBeNull();
  });

  it('a reset code that went to an address which is not the user’s any more', async () => {
    const code = await issue('password_reset');
    const moved = { ...holder, email: 'new@example.com' };
    expect(await redeem(code, moved)).toBe(false);
    expect(await redeem(await issue('password_reset', moved), moved)).toBe(true);
  });
});

describe('checklist 29: the clock of the database decides', () => {
  const purposes = { email_verification: 86_400, password_reset: 1_800, magic_link: 600 } as const;
  const isGood = async (purpose: CodePurpose, code: string) =>
    purpose === 'password_reset'
      ? codes.isResetCode(holder, code)
      : (purpose === 'magic_link' ? await openLink(code) : await verify(code)) !== null;

  it.each(Object.entries(purposes) as [CodePurpose, number][])(
    '%s: %i s, and not a moment longer',
    async (purpose, ttl) => {
      const code = await issue(purpose);
      const { seconds } = await rowOf(purpose);
      expect(seconds).toBeGreaterThan(ttl - 30);
      expect(seconds).toBeLessThanOrEqual(ttl);

      await setRow(`expires_at = now()`);
      expect(await isGood(purpose, code)).toBe(false);
      await setRow(`expires_at = now() + interval '20 seconds'`);
      const clock = jest.spyOn(Date, 'now');
      for (const minutes of [10, -10]) {
        const wrong = new Date().getTime() + minutes * 60_000;
        clock.mockReturnValue(wrong);
        const fresh = await issue(purpose, holder, 20);
        expect(await isGood(purpose, fresh)).toBe(true);
      }
      clock.mockRestore();
    },
  );
});

it('what is kept opens nothing, and what has expired is cleared away', async () => {
  const code = await issue('password_reset');
  const token = await issue('magic_link');
  const dump = JSON.stringify(await app.database.query('SELECT * FROM codes'));
  expect(dump).not.toContain(code);
  expect(dump).not.toContain(token);

  await setRow(`expires_at = now() - interval '25 hours'`);
  await issue('magic_link', await aHolder());
  expect(await app.database.query('SELECT 1 FROM codes WHERE user_id = $1', [holder.userId])).toEqual([]);
});

it('goes with its user', async () => {
  await issue('magic_link');
  await app.database.query('DELETE FROM users WHERE id = $1', [holder.userId]);
  expect(await app.database.query('SELECT 1 FROM codes WHERE user_id = $1', [holder.userId])).toEqual([]);
});

it('checklist 38: outlives a change of the secret key, while the old one is named', async () => {
  const withKeys = (...secretKeys: [string, ...string[]]) =>
    TestApp.start({ secretKeys, isRateLimited: true }, app.database);
  const before = await withKeys(OLD_KEY);
  const during = await withKeys(NEW_KEY, OLD_KEY);
  const after = await withKeys(NEW_KEY);
  const issueAt = (at: TestApp, purpose: CodePurpose) =>
    at.nest.get(Transactions).run((tx) => at.nest.get(CodesService).issue(tx, purpose, holder));
  const isCodeAt = (at: TestApp, code: string) => at.nest.get(CodesService).isResetCode(holder, code);

  const old = await issueAt(before, 'password_reset');
  expect([await isCodeAt(during, old), await isCodeAt(after, old)]).toEqual([true, false]);
  const renewed = await issueAt(during, 'password_reset');
  expect(await isCodeAt(after, renewed)).toBe(true);

  const openAt = (at: TestApp, token: string) =>
    at.nest.get(Transactions).run((tx) => at.nest.get(CodesService).redeemMagicLink(tx, holder.directoryId, token));
  const link = await issueAt(before, 'magic_link');
  expect([await openAt(after, link), await openAt(during, link)]).toEqual([null, holder]);

  await Promise.all([before, during, after].map((it) => it.nest.close()));
});
