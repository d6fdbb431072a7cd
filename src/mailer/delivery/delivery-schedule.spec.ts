import { CALL_HOLD_SECONDS } from '../../credits/call-holds.service.js';
import { ATTEMPTS_MAX, delayAfter } from './delivery-schedule.js';

const delays = (random: number) => Array.from({ length: ATTEMPTS_MAX - 1 }, (_, i) => delayAfter(i + 1, random));
const HOUR_MS = 3_600_000;

it('doubles from two seconds to four hours', () => {
  expect(delays(0.5).map((delay) => delay / 1000)).toEqual([
    2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 14400, 14400, 14400, 14400,
  ]);
});

it('is a quarter shorter or longer at random', () => {
  expect([delayAfter(3, 0), delayAfter(3, 1)]).toEqual([6_000, 10_000]);
  expect(new Set(Array.from({ length: 20 }, () => delayAfter(10))).size).toBeGreaterThan(10);
});

it('gives up after about a day, long before the hold that pays for the mail expires', () => {
  const total = (random: number) => delays(random).reduce((sum, delay) => sum + delay, 0);
  expect(total(0)).toBeGreaterThan(12 * HOUR_MS);
  expect(total(1)).toBeLessThan(27 * HOUR_MS);
  expect(total(1)).toBeLessThan((CALL_HOLD_SECONDS * 1000) / 1.5);
});
