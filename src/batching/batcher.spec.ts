import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { Batcher, type BatcherOptions } from './batcher.js';
import { TooManyWaiting } from './batching.errors.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Options = Partial<Omit<BatcherOptions<string, string>, 'run'>>;

/** A batcher that notes what ran; items named `bad…` fail whatever batch they are in. */
function aBatcher(options: Options = {}, pause: () => Promise<void> = turn) {
  const batches: string[][] = [];
  const observed = { sizes: [] as number[], waits: [] as number[], inFlight: 0, inFlightMost: 0 };
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
    observer: {
      started: (size, waitedMs) => {
        observed.sizes.push(size);
        observed.waits.push(waitedMs);
        observed.inFlightMost = Math.max(observed.inFlightMost, ++observed.inFlight);
      },
      ended: () => observed.inFlight--,
    },
    ...options,
  });
  return { batcher, batches, observed, mostRunning: () => mostRunning };
}

/** Holds up whoever waits for it, until it is opened. */
function aGate() {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

it('starts in the turn in which the first arrives, when nothing is in flight', async () => {
  const { batcher, batches } = aBatcher();
  void batcher.add('a');
  void batcher.add('b');
  await turn();
  expect(batches).toEqual([['a', 'b']]);
});

it('starts at once when enough have come, if a place is free', async () => {
  const { batcher, batches } = aBatcher({ startsAt: [2, 3], inFlightMax: 2 });
  for (const item of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    void batcher.add(item);
  }
  expect(batches).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  await turn();
  await turn();
  expect(batches.slice(2)).toEqual([['f', 'g']]);
});

it('uses every place, and no more', async () => {
  const gate = aGate();
  const { batcher, batches } = aBatcher({ inFlightMax: 2 }, () => gate.opened);
  const all = [];
  for (const item of ['a', 'b', 'c']) {
    all.push(batcher.add(item));
    await turn();
  }
  expect(batches).toEqual([['a'], ['b']]);
  gate.open();
  await Promise.all(all);
  expect(batches).toEqual([['a'], ['b'], ['c']]);
});

it('what arrives meanwhile travels together, in order of arrival', async () => {
  const { batcher, batches } = aBatcher({}, async () => {
    await turn();
    await turn();
  });
  const first = batcher.add('a');
  await turn();
  const others = ['b', 'c', 'd'].map((item) => batcher.add(item));
  expect(await Promise.all([first, ...others])).toEqual(['A', 'B', 'C', 'D']);
  expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
});

it('one that spoils its batch fails alone', async () => {
  const { batcher, batches } = aBatcher();
  const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => batcher.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(batches).toEqual([['a', 'b', 'bad', 'c'], ['a', 'b'], ['bad', 'c'], ['bad'], ['c']]);
});

it('finds the one that spoils a large batch in few attempts', async () => {
  const { batcher, batches } = aBatcher();
  const items = Array.from({ length: 64 }, (_, i) => (i === 41 ? 'bad' : 'good'));
  await Promise.allSettled(items.map((item) => batcher.add(item)));
  expect(batches).toHaveLength(1 + 2 * Math.log2(64));
});

it('tries nobody again when the failure was not theirs', async () => {
  const { batcher, batches } = aBatcher({ isWorthSplitting: () => false });
  const results = await Promise.allSettled(['a', 'bad', 'c'].map((item) => batcher.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(batches).toHaveLength(1);
});

it('fails when its work fails before it begins, and its observer hears the end of it', async () => {
  const observer = { started: jest.fn(), ended: jest.fn() };
  const run = () => {
    throw new Error('at once');
  };
  const batcher = new Batcher({ run, isWorthSplitting: () => false, inFlightMax: 1, sizeMax: 10, observer });
  await expect(batcher.add('a')).rejects.toThrow('at once');
  expect([observer.started, observer.ended].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
});

it('goes on after a failure', async () => {
  const { batcher } = aBatcher();
  await expect(batcher.add('bad')).rejects.toThrow('failed: bad');
  await expect(batcher.add('a')).resolves.toBe('A');
});

it('checklist 66: turns away what is too much, and what has waited too long, and nobody else', async () => {
  const gate = aGate();
  const { batcher, batches, observed } = aBatcher({ waitingMax: 2, patienceMs: 500 }, () => gate.opened);
  const first = batcher.add('a');
  await turn();
  const impatient = batcher.add('b');
  const failed = expect(impatient).rejects.toBeInstanceOf(TooManyWaiting);
  await sleep(600);
  const patient = batcher.add('c');
  await expect(batcher.add('d')).rejects.toBeInstanceOf(TooManyWaiting);

  gate.open();
  expect(await Promise.all([first, patient])).toEqual(['A', 'C']);
  await failed;
  expect(batches).toEqual([['a'], ['c']]);
  expect(observed.sizes).toEqual([1, 1]);
});

it('tells its observer how long the first of a batch had waited', async () => {
  const gate = aGate();
  const { batcher, observed } = aBatcher({}, () => gate.opened);
  const all = [batcher.add('a')];
  await turn();
  const since = performance.now();
  all.push(batcher.add('b'));
  const added = performance.now();
  await sleep(50);
  const until = performance.now();
  all.push(batcher.add('c'));
  gate.open();
  await Promise.all(all);
  expect(observed.sizes).toEqual([1, 2]);
  expect(observed.waits[1]).toBeGreaterThanOrEqual(until - added);
  expect(observed.waits[1]).toBeLessThanOrEqual(performance.now() - since);
});

it('checklist 66: lets 10,000 wait unless it is told otherwise', async () => {
  const { batcher } = aBatcher({ sizeMax: 10_000 });
  const waiting = Array.from({ length: 10_000 }, () => batcher.add('a'));
  await expect(batcher.add('b')).rejects.toBeInstanceOf(TooManyWaiting);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['A']));
});

/** When items arrive, and how many turns each batch takes. */
const traffic = fc.record({
  arrivals: fc.array(fc.record({ bad: fc.boolean(), pauses: fc.nat(3) }), { maxLength: 60 }),
  durations: fc.array(fc.nat(4), { minLength: 1, maxLength: 10 }),
  inFlightMax: fc.integer({ min: 1, max: 3 }),
  sizeMax: fc.integer({ min: 1, max: 10 }),
  startsAt: fc.option(fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 3 }), { nil: undefined }),
});

/** Lets all of it happen. */
async function play(
  { arrivals, durations, inFlightMax, sizeMax, startsAt }: ReturnType<typeof traffic.generate>['value'],
  options: Options = {},
) {
  let run = 0;
  const pause = async () => {
    for (let n = durations[run++ % durations.length]!; n >= 0; n--) {
      await turn();
    }
  };
  const played = aBatcher({ inFlightMax, sizeMax, ...(startsAt === undefined ? {} : { startsAt }), ...options }, pause);
  const names = arrivals.map(({ bad }, i) => `${bad ? 'bad' : 'good'}${i}`);
  const results: Promise<string>[] = [];
  for (const [i, { pauses }] of arrivals.entries()) {
    const result = played.batcher.add(names[i]!);
    result.catch(() => undefined);
    results.push(result);
    for (let n = 0; n < pauses; n++) {
      await turn();
    }
  }
  return { ...played, names, settled: await Promise.allSettled(results) };
}

it('every item gets its own result, once, whatever else is in its batch', () =>
  fc.assert(
    fc.asyncProperty(traffic, async (given) => {
      const { batches, names, settled, mostRunning } = await play(given);
      expect(settled.map((it) => (it.status === 'fulfilled' ? it.value : 'failed'))).toEqual(
        names.map((name) => (name.startsWith('bad') ? 'failed' : name.toUpperCase())),
      );
      expect(mostRunning()).toBeLessThanOrEqual(given.inFlightMax);
      expect(batches.every((batch) => batch.length <= given.sizeMax)).toBe(true);
      const good = batches.filter((batch) => batch.every((name) => !name.startsWith('bad'))).flat();
      expect(good.sort()).toEqual(names.filter((name) => !name.startsWith('bad')).sort());
    }),
  ));

it('what may have had an effect is never run twice', () =>
  fc.assert(
    fc.asyncProperty(traffic, async (given) => {
      const { batches, names, settled } = await play(given, { isWorthSplitting: () => false });
      expect(batches.flat().sort()).toEqual([...names].sort());
      const isSpoilt = (name: string) =>
        batches.find((batch) => batch.includes(name))!.some((other) => other.startsWith('bad'));
      expect(settled.map(({ status }) => status === 'rejected')).toEqual(names.map(isSpoilt));
    }),
  ));

it('one at a time keeps the order of arrival', () =>
  fc.assert(
    fc.asyncProperty(traffic, async (given) => {
      const { batches, names } = await play({ ...given, inFlightMax: 1 }, { isWorthSplitting: () => false });
      expect(batches.flat()).toEqual(names);
    }),
  ));

it('its observer hears of every batch, from its start to its end', () =>
  fc.assert(
    fc.asyncProperty(traffic, async (given) => {
      const { batches, observed } = await play(given);
      await turn();
      expect(observed.sizes).toEqual(batches.map(({ length }) => length));
      expect(observed.waits.every((waited) => waited >= 0)).toBe(true);
      expect(observed.inFlight).toBe(0);
      expect(observed.inFlightMost).toBeLessThanOrEqual(given.inFlightMax);
    }),
  ));

it('checklist 66: whoever is not turned away is done, and nothing is done for whoever is', () =>
  fc.assert(
    fc.asyncProperty(traffic, fc.integer({ min: 1, max: 10 }), async (given, waitingMax) => {
      const { batches, names, settled } = await play(given, { waitingMax });
      const turnedAway = names.filter((_, i) => (settled[i] as PromiseRejectedResult).reason instanceof TooManyWaiting);
      const done = names.filter((name) => !turnedAway.includes(name));
      expect([...new Set(batches.flat())].sort()).toEqual(done.sort());
    }),
  ));

it('nobody waits longer than the batches before them: no place is ever left free', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 7 }), async (count, sizeMax) => {
      const { batcher, batches } = aBatcher({ sizeMax });
      await Promise.all(Array.from({ length: count }, (_, i) => batcher.add(`good${i}`)));
      expect(batches).toHaveLength(Math.ceil(count / sizeMax));
    }),
  ));
