import { addUp } from './wrong-answers.js';

it('the same mistake is counted together, whoever made it', () => {
  expect(addUp([{ 'status 503': 2, ECONNRESET: 1 }, undefined, { 'status 503': 3 }, {}])).toEqual({
    'status 503': 5,
    ECONNRESET: 1,
  });
});
