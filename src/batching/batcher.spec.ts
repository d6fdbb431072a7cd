import fc from 'fast-check';
import { Batcher } from './batcher.js';
import { TooManyWaiting } from './batching.errors.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Options {
  inFlightMax?: number;
  sizeMax?: number;
  waitingMax?: number;
  patienceMs?: number;
  isWorthSplitting?: (error: unknown) => boolean;
}

/** A batcher that notes what ran; items named `bad…` fail whatever batch they are in. */
function aBatcher(options: Options = {}, pause: () => Promise<void> = turn) {
  const batches: string[][] = [];
  let running = 0;
  let mostRunning = 0;
  const batcher = new Batcher<string, string>({
    run: async (items) => {
      batches.push(items);
      mostRunning = Math.max(mostRunning, ++running);
      await pause();
      running--;
      if (items.some((item) => item.startsWith('bad'))) {
        throw new Error(`failed: ${items.join()}`);
      }
      return items.map((item) => item.toUpperCase());
    },
    isWorthSplitting: () => true,
    inFlightMax: 1,
    sizeMax: 100,
    waitingMax: 1000,
    patienceMs: 10_000,
    ...options,
  });
  return { batcher, batches, mostRunning: () => mostRunning };
}

it('starts at once when nothing is in flight', () => {
  const { batcher, batches } = aBatcher();
  void batcher.add('a');
  expect(batches).toEqual([['a']]);
});

it('what arrives meanwhile travels together, in order of arrival', async () => {
  const { batcher, batches } = aBatcher();
  const results = await Promise.all(['a', 'b', 'c', 'd'].map((item) => batcher.add(item)));
  expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  expect(results).toEqual(['A', 'B', 'C', 'D']);
});

it('one that spoils its batch fails alone', async () => {
  const { batcher, batches } = aBatcher();
  const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => batcher.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(batches.slice(2)).toEqual([['b'], ['bad'], ['c']]);
});

it('tries nobody again when the failure was not theirs', async () => {
  const { batcher, batches } = aBatcher({ isWorthSplitting: () => false });
  const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => batcher.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  expect(batches).toHaveLength(2);
});

it('goes on after a failure', async () => {
  const { batcher } = aBatcher();
  await expect(batcher.add('bad')).rejects.toThrow('failed: bad');
  await expect(batcher.add('a')).resolves.toBe('A');
});

it('checklist 66: turns away what is too much, and what has waited too long', async () => {
  let open = () => undefined as void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const { batcher, batches } = aBatcher({ waitingMax: 2, patienceMs: 20 }, () => gate);
  const first = batcher.add('a');
  const waiting = [batcher.add('b'), batcher.add('c')];
  await expect(batcher.add('d')).rejects.toBeInstanceOf(TooManyWaiting);

  const settled = Promise.allSettled(waiting);
  await new Promise((resolve) => setTimeout(resolve, 40));
  open();
  expect(await first).toBe('A');
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(batches).toEqual([['a']]);
});

it('every item gets its own result, once, whatever else is in its batch', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ bad: fc.boolean(), pauses: fc.nat(3) }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 10 }),
      async (arrivals, inFlightMax, sizeMax) => {
        const { batcher, batches, mostRunning } = aBatcher({ inFlightMax, sizeMax });
        const names = arrivals.map(({ bad }, i) => `${bad ? 'bad' : 'good'}${i}`);
        const results: Promise<string>[] = [];
        for (const [i, { pauses }] of arrivals.entries()) {
          const result = batcher.add(names[i]!);
          result.catch(() => undefined);
          results.push(result);
          for (let n = 0; n < pauses; n++) {
            await turn();
          }
        }
        const settled = await Promise.allSettled(results);

        expect(settled.map((it) => (it.status === 'fulfilled' ? it.value : 'failed'))).toEqual(
          names.map((name) => (name.startsWith('bad') ? 'failed' : name.toUpperCase())),
        );
        expect(mostRunning()).toBeLessThanOrEqual(inFlightMax);
        expect(batches.every((batch) => batch.length <= sizeMax)).toBe(true);
        const good = batches.filter((batch) => batch.every((name) => !name.startsWith('bad'))).flat();
        expect(good.sort()).toEqual(names.filter((name) => !name.startsWith('bad')).sort());
      },
    ),
  );
});
