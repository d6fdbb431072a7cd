import { UserNumbers } from './user-numbers.js';

const numbers = new UserNumbers(Buffer.alloc(32, 7));
const of = (userId: number, by = numbers) => by.of({ userId });

it('gives every user a number of its own, of up to fifteen digits, always the same', () => {
  const first = Array.from({ length: 5_000 }, (_, i) => of(i + 1));
  expect(new Set(first).size).toBe(5_000);
  expect(first.every((number) => Number.isSafeInteger(number) && number >= 0 && number < 1e15)).toBe(true);
  expect(Array.from({ length: 5_000 }, (_, i) => of(i + 1, new UserNumbers(Buffer.alloc(32, 7))))).toEqual(first);
});

it('depends on the key', () => {
  expect(of(1, new UserNumbers(Buffer.alloc(32, 8)))).not.toBe(of(1));
});

it('tells nothing of the ids: neighbours rise as often as they fall, and all sizes occur', () => {
  const some = Array.from({ length: 2_000 }, (_, i) => of(i + 1));
  const rises = some.filter((number, i) => i > 0 && number > some[i - 1]!).length;
  expect(rises).toBeGreaterThan(800);
  expect(rises).toBeLessThan(1_200);
  const tenths = new Set(some.map((number) => Math.floor(number / 1e14)));
  expect(tenths.size).toBe(10);
});

it('has one for the largest id', () => {
  expect(of(999_999_999_999_999)).toBeLessThan(1e15);
});
