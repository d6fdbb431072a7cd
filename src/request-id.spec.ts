import { requestId } from './request-id.js';

it('is a new one for each request', () => {
  const ids = Array.from({ length: 1000 }, () => requestId(undefined));
  expect(new Set(ids).size).toBe(1000);
  expect(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([]);
});

it.each(['a', 'My-own_id.1', 'x'.repeat(64)])('is what the caller sent: %s', (given) => {
  expect(requestId(given)).toBe(given);
});

it.each(['', 'two words', '{"a":1}', 'é', 'line\nbreak', 'x'.repeat(65)])('is not %j', (given) => {
  expect(requestId(given)).toMatch(/^[0-9a-f]{32}$/);
});

it('is a new one where there are several', () => {
  expect(requestId(['a', 'b'])).toMatch(/^[0-9a-f]{32}$/);
});
