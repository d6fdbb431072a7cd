import { LoadGenerator } from '../load/load-generator.js';
import { during } from '../measuring/during.js';
import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import { LOGIN_RIGHT, LOGIN_ROUND_FACTOR, loginQuestions } from './logins.js';
import { ME_PROBE, ME_RIGHT, meQuestions, peopleOf } from './requests.js';
import { byTime, type Row } from './row.js';

const PER_SECOND = 200;
/** By then the logins have the cores. */
const HEAD_START_SECONDS = 1;

/** How long `GET /api/users/me/` takes at a quiet rate while many log in, against the same while nobody does. */
export const storm: Row = {
  name: 'storm',
  roundFactor: LOGIN_ROUND_FACTOR,
  async run({ connections, loginsAtOnce, users, database, generator, resources, interleave }) {
    const db = await database(users);
    const me = {
      questions: meQuestions(peopleOf(db, users), 'api_key'),
      right: ME_RIGHT,
      connections,
      rate: PER_SECOND,
    };
    const logins = { questions: loginQuestions(db, users), right: LOGIN_RIGHT, connections: loginsAtOnce };
    const secondGenerator = resources.hold(new LoadGenerator());

    const sides = await interleave(async (opened) => {
      const server = opened.hold(await ServerProcess.start(tollgate(db, ME_PROBE)));
      const quiet = httpSide(generator, server, me);
      const loggingIn = httpSide(secondGenerator, server, logins);
      return { quiet, stormy: during(quiet, loggingIn, HEAD_START_SECONDS) };
    });
    return [
      {
        ...byTime(sides.stormy, sides.quiet, 'p99'),
        work: `p99 of \`GET /api/users/me/\` at ${PER_SECOND}/s while ${loginsAtOnce} log in`,
        against: 'itself while nobody does',
        target: { atMost: 4, p99BelowMs: 12 },
      },
    ];
  },
};
