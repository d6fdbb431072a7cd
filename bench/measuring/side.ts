import type { QueryCounter } from '../database/query-counter.js';
import type { LoadGenerator } from '../load/load-generator.js';
import { requestText, type LoadPlan } from '../load/plan.js';
import type { WrongAnswers } from '../load/wrong-answers.js';
import type { Address, Question } from '../processes/ask.js';
import { askFor, type RightAnswer } from '../processes/right-answer.js';

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
  /** Looks at one answer in full, which nobody has time for under load. @throws when it is not the right one */
  check?(): Promise<unknown>;
  measure(seconds: number): Promise<Measurement>;
  /** Statements that reach the database per request. */
  queriesPerRequest?(seconds: number): Promise<number>;
}

/** Time for a round to get going, which is not counted. */
const SETTLE_SECONDS = 0.3;

interface HttpLoad extends Pick<LoadPlan, 'rate'> {
  /** Taken in turn. */
  questions: Question[];
  /** To the first of them; under load, all must have its status. */
  right: RightAnswer;
  connections: number;
  /** Counts the queries, where there are some to count. */
  counter?: QueryCounter;
  /** Done before each round, and not counted. */
  prepare?: () => Promise<unknown>;
}

/** A server under load. */
export function httpSide(generator: LoadGenerator, { host, port }: Address, load: HttpLoad): Side {
  const { questions, right, rate, connections, counter, prepare } = load;
  const requests = questions.map((question) => requestText({ host: 'bench.example', ...question }));
  const plan = { host, port, requests, connections, expectedStatus: right.status };
  const run = async (seconds: number, settleSeconds: number) => {
    await prepare?.();
    return generator.run({ ...plan, seconds, settleSeconds, ...(rate === undefined ? {} : { rate }) });
  };
  return {
    check: () => askFor(right, { host, port }, questions[0]!),
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
