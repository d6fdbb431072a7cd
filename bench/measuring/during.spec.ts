import { during } from './during.js';
import type { Measurement } from './side.js';

it('has the times of one side and the mistakes of both', async () => {
  const asked: number[] = [];
  const sideOf = (measured: Measurement) => ({
    measure: (seconds: number) => {
      asked.push(seconds);
      return Promise.resolve(measured);
    },
  });
  const quiet = sideOf({ rate: 200, p50: 1, p99: 2, wrong: { 'status 503': 2 } });
  const busy = sideOf({ rate: 9, p50: 300, p99: 400, wrong: { 'status 503': 3, ECONNRESET: 1 } });

  expect(await during(quiet, busy, 0.01).measure(1)).toEqual({
    rate: 200,
    p50: 1,
    p99: 2,
    wrong: { 'status 503': 5, ECONNRESET: 1 },
  });
  expect(asked).toEqual([1.01, 1]);
});
