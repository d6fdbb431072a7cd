import fc from 'fast-check';
import { AnswerRate } from './answer-rate.js';

const COUNTS_FROM = 300;
const ENDS_AT = 10_300;

it('is exact when answers come two at a time and seldom, whenever the measurement begins between them', () => {
  const times = fc.record({
    first: fc.double({ min: 1, max: COUNTS_FROM, noNaN: true }),
    period: fc.double({ min: 1, max: 1_000, noNaN: true }),
  });
  fc.assert(
    fc.property(times, ({ first, period }) => {
      const rate = new AnswerRate(first - period, COUNTS_FROM);
      for (let at = first; at < ENDS_AT; at += period) {
        rate.right(at);
        rate.right(at);
      }
      expect(rate.perSecond() / (2000 / period)).toBeCloseTo(1, 6);
    }),
  );
});

it('charges a server that stalls, and one that goes wrong, with all the time until its last answer', () => {
  const [stalled, wrong] = [new AnswerRate(0, 100), new AnswerRate(0, 100)];
  for (let at = 10; at <= 1_000; at += 10) {
    stalled.right(at);
    wrong.right(at);
  }
  stalled.right(11_090);
  wrong.wrong(11_090);
  expect(stalled.perSecond()).toBeCloseTo(92 / 11, 6);
  expect(wrong.perSecond()).toBeCloseTo(91 / 11, 6);
});

it('counts nothing that came before the measurement, and is 0 when nothing came after', () => {
  const rate = new AnswerRate(0, 100);
  expect([rate.right(50), rate.right(99)]).toEqual([false, false]);
  expect(rate.perSecond()).toBe(0);
  expect(rate.right(199)).toBe(true);
  expect(rate.perSecond()).toBe(10);
});
