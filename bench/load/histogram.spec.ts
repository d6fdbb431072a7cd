import fc from 'fast-check';
import { Histogram } from './histogram.js';

function histogramOf(milliseconds: number[]): Histogram {
  const histogram = new Histogram();
  milliseconds.forEach((duration) => histogram.record(duration));
  return histogram;
}

it('tells every percentile to within 2 % and a microsecond', () => {
  const durations = fc.array(fc.double({ min: 0, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!;
      const told = histogramOf(all).percentile(share);
      expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.02 + 0.001);
    }),
  );
});

it('counts what it has recorded, and knows nothing of nothing', () => {
  expect(histogramOf([1, 2, 3]).count).toBe(3);
  expect(histogramOf([]).percentile(0.5)).toBeNaN();
});
