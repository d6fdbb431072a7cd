import { Resources } from '../processes/resources.js';
import { interleave } from './interleave.js';

const EFFORT = { launches: 2, rounds: 2, seconds: 1 };

function sides(done: string[], isRight: boolean) {
  const sideOf = (name: string) => ({
    check: () => {
      done.push(`${name} checked`);
      return isRight ? Promise.resolve() : Promise.reject(new Error(`${name} is wrong`));
    },
    measure: () => {
      done.push(name);
      return Promise.resolve({ rate: done.length });
    },
  });
  return () => Promise.resolve({ a: sideOf('a'), b: sideOf('b') });
}

it('looks at an answer of each side, warms up, and measures in turn, in each launch', async () => {
  const done: string[] = [];
  const results = await interleave(EFFORT, new Resources(), sides(done, true));
  const launch = ['a checked', 'a', 'b checked', 'b', 'a', 'b', 'b', 'a'];
  expect(done).toEqual([...launch, ...launch]);
  expect(results.a.rounds).toEqual([{ rate: 5 }, { rate: 8 }, { rate: 13 }, { rate: 16 }]);
  expect(results.b.rounds).toEqual([{ rate: 6 }, { rate: 7 }, { rate: 14 }, { rate: 15 }]);
});

it('measures nothing that answers wrongly', async () => {
  const done: string[] = [];
  await expect(interleave(EFFORT, new Resources(), sides(done, false))).rejects.toThrow('a is wrong');
  expect(done).toEqual(['a checked']);
});
