import { httpSide } from '../measuring/side.js';
import { RawBcrypt } from '../processes/raw-bcrypt.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import { LOGIN_PROBE, LOGIN_RIGHT, LOGIN_ROUND_FACTOR, loginQuestions } from './logins.js';
import { byRate, type Row } from './row.js';

/** Logins, against comparing passwords and doing nothing else. */
export const login: Row = {
  name: 'login',
  roundFactor: LOGIN_ROUND_FACTOR,
  async run({ loginsAtOnce, users, database, generator, interleave }) {
    const db = await database(users);
    const logins = { questions: loginQuestions(db, users), right: LOGIN_RIGHT, connections: loginsAtOnce };
    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, LOGIN_PROBE)));
      return {
        login: httpSide(generator, server, logins),
        bcrypt: resources.hold(new RawBcrypt()),
      };
    });
    return [
      {
        ...byRate(sides.login, sides.bcrypt),
        work: `login, ${loginsAtOnce} at once`,
        against: 'bcrypt of the same cost on all cores, and nothing else',
        target: { atLeast: 0.95 },
      },
    ];
  },
};
