import { median, quotients } from './statistics.js';

it('the median is the value in the middle, whatever the order', () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 9, 2])).toBe(3);
  expect(median([100, 20, 3])).toBe(20);
  expect(median([])).toBeNaN();
});

it('rounds are compared with their own', () => {
  expect(quotients([10, 30], [5, 10])).toEqual([2, 3]);
});
