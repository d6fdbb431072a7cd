import { setTimeout as sleep } from 'node:timers/promises';
import { addUp } from '../load/wrong-answers.js';
import type { Side } from './side.js';

/** One side, measured while another is under load; what is wrong on either is told. */
export function during(side: Side, other: Side, headStartSeconds: number): Side {
  return {
    check: async () => {
      await side.check?.();
      await other.check?.();
    },
    measure: async (seconds) => {
      const load = other.measure(seconds + headStartSeconds);
      await sleep(headStartSeconds * 1000);
      const [measured, { wrong }] = await Promise.all([side.measure(seconds), load]);
      return { ...measured, wrong: addUp([measured.wrong, wrong]) };
    },
  };
}
