import type { BenchDatabase } from '../database/bench-postgres.js';
import type { LoadGenerator } from '../load/load-generator.js';
import type { Effort, SideResult } from '../measuring/interleave.js';
import type { Measurement, Side } from '../measuring/side.js';
import { quotients } from '../measuring/statistics.js';
import type { Resources } from '../processes/resources.js';

/** One thing that is measured, under its name on the command line. It may fill several lines of the table. */
export interface Row {
  name: string;
  /** How often the usual time a round takes, when that is too short. */
  roundFactor?: number;
  run(bench: Bench): Promise<Line[]>;
}

/** What rows measure with. */
export interface Bench {
  effort: Effort;
  /** Clients of a server at once, each with a connection of its own; for logins there are fewer. */
  connections: number;
  loginsAtOnce: number;
  /** Different users whose credentials take turns, and people in the database. */
  users: number;
  /** People in the large database. */
  large: number;
  generator: LoadGenerator;
  resources: Resources;
  database(people: number): Promise<BenchDatabase>;
  interleave<Name extends string>(
    open: (resources: Resources) => Promise<Record<Name, Side>>,
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

type Compared = Pick<Line, 'subject' | 'reference' | 'values'>;

/** Round by round, how often the subject's rate is the reference's. */
export function byRate(subject: SideResult, reference: SideResult): Compared {
  return { subject, reference, values: quotients(valuesOf(subject, 'rate'), valuesOf(reference, 'rate')) };
}

/** Round by round, how often the subject's time is the reference's. */
export function byTime(subject: SideResult, reference: SideResult, time: 'p50' | 'p99'): Compared {
  return { subject, reference, values: quotients(valuesOf(subject, time), valuesOf(reference, time)) };
}

function valuesOf({ rounds }: SideResult, key: 'rate' | 'p50' | 'p99'): number[] {
  return rounds.map((round: Measurement) => round[key] ?? NaN);
}
