import type { QueryCounter } from '../database/query-counter.js';
import type { LoadGenerator } from '../load/load-generator.js';
import type { LoadPlan } from '../load/plan.js';
import type { WrongAnswers } from '../load/wrong-answers.js';

/** What one side did in one round. */
export interface Measurement {
  /** Right answers per second; unset where it says nothing. */
  rate?: number;
  /** Milliseconds until the answer; unset where nothing is asked. */
  p50?: number;
  p99?: number;
  wrong?: WrongAnswers;
}

/** One of those that are compared. */
export interface Side {
  measure(seconds: number): Promise<Measurement>;
  /** Statements that reach the database per request. */
  queriesPerRequest?(seconds: number): Promise<number>;
}

/** As many clients as the load has connections, unless a row says otherwise. */
export const CONNECTIONS = 64;
/** Time for a round to get going, which is not counted. */
const SETTLE_SECONDS = 0.3;

interface HttpLoad extends Pick<LoadPlan, 'requests' | 'rate' | 'expectedStatus'> {
  connections?: number;
  /** Counts the queries, where there are some to count. */
  counter?: QueryCounter;
  /** Done before each round, and not counted. */
  prepare?: () => Promise<unknown>;
}

/** A server under load. */
export function httpSide(generator: LoadGenerator, server: { host?: string; port: number }, load: HttpLoad): Side {
  const { requests, rate, expectedStatus, connections = CONNECTIONS, counter, prepare } = load;
  const run = async (seconds: number, settleSeconds: number) => {
    await prepare?.();
    const { host = '127.0.0.1', port } = server;
    const plan: LoadPlan = { host, port, requests, connections, seconds, settleSeconds };
    return generator.run({
      ...plan,
      ...(rate === undefined ? {} : { rate }),
      ...(expectedStatus === undefined ? {} : { expectedStatus }),
    });
  };
  return {
    measure: (seconds) => run(seconds, Math.min(SETTLE_SECONDS, seconds / 2)),
    ...(counter
      ? {
          queriesPerRequest: async (seconds) => {
            let answers = 0;
            const queries = await counter.during(async () => ({ answers } = await run(seconds, 0)));
            return queries / answers;
          },
        }
      : {}),
  };
}
