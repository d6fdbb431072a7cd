import type { BenchDatabase } from '../database/bench-postgres.js';
import type { LoadGenerator } from '../load/load-generator.js';
import type { Effort, SideResult } from '../measuring/interleave.js';
import type { Side } from '../measuring/side.js';
import type { Resources } from '../processes/resources.js';

/** One thing that is measured, under its name on the command line. It may fill several lines of the table. */
export interface Row {
  name: string;
  run(bench: Bench): Promise<Line[]>;
}

/** What rows measure with. */
export interface Bench {
  effort: Effort;
  /** Different users whose credentials take turns, and people in the database. */
  users: number;
  /** People in the large database. */
  large: number;
  generator: LoadGenerator;
  resources: Resources;
  database(people: number): Promise<BenchDatabase>;
  interleave<Name extends string>(
    open: (resources: Resources) => Promise<Record<Name, Side>>,
    effort?: Effort,
  ): Promise<Record<Name, SideResult>>;
}

/** A line of the table. */
export interface Line {
  work: string;
  against: string;
  /** What counts, one for each round: ratios unless there is a unit. */
  values: number[];
  unit?: 'MiB';
  target?: { atLeast?: number; atMost?: number; p99BelowMs?: number };
  subject?: SideResult;
  reference?: SideResult;
}
