import { Resources } from '../processes/resources.js';
import type { Measurement, Side } from './side.js';

/** How much is measured. */
export interface Effort {
  /** How often the servers are started anew: V8 does not optimise twice in the same way. */
  launches: number;
  /** For each launch. */
  rounds: number;
  /** For each round and side. */
  seconds: number;
}

export interface SideResult {
  /** One for each round of each launch. */
  rounds: Measurement[];
  queriesPerRequest?: number;
}

export const WARM_UP_MAX_SECONDS = 3;
const COUNT_MAX_SECONDS = 1;

/**
 * Measures sides in turn, A B, B A, A B …, so that whatever else the machine does meets all of them alike. Each launch
 * begins with a look at an answer of each side and a warm-up, which is discarded; queries are counted at the end, where counting them slows down nobody.
 *
 * @param open starts the servers; what it holds is stopped at the end of the launch
 */
export async function interleave<Name extends string>(
  { launches, rounds, seconds }: Effort,
  resources: Resources,
  open: (resources: Resources) => Promise<Record<Name, Side>>,
): Promise<Record<Name, SideResult>> {
  const results = new Map<string, SideResult>();
  for (let launch = 1; launch <= launches; launch++) {
    const opened = resources.hold(new Resources());
    const sides = Object.entries<Side>(await open(opened));
    for (const [name, side] of sides) {
      results.set(name, results.get(name) ?? { rounds: [] });
      await side.check?.();
      await side.measure(Math.min(seconds, WARM_UP_MAX_SECONDS));
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, side] of round % 2 === 0 ? sides : sides.toReversed()) {
        results.get(name)!.rounds.push(await side.measure(seconds));
      }
    }
    for (const [name, side] of launch === launches ? sides : []) {
      const queriesPerRequest = await side.queriesPerRequest?.(Math.min(seconds, COUNT_MAX_SECONDS));
      Object.assign(results.get(name)!, { queriesPerRequest });
    }
    await opened.stop();
  }
  return Object.fromEntries(results) as Record<Name, SideResult>;
}
