import { expectSoundLedger } from '../database/expect-sound-ledger.js';
import { FIRST_PERSON, credentialOf } from '../database/people.js';
import { httpSide } from '../measuring/side.js';
import type { Question } from '../processes/ask.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import { byRate, type Row } from './row.js';

const ACCOUNTS = 1_000;

/** `POST /api/credits/charges/`: all of them on one account, against the same over many. */
export const charges: Row = {
  name: 'charges',
  async run({ connections, users, database, generator, interleave }) {
    const db = await database(users);
    const accounts = Math.min(ACCOUNTS, users);
    const questionOf = (person: number): Question => ({
      method: 'POST',
      path: '/api/credits/charges/',
      headers: { authorization: `Bearer ${credentialOf(person, 'api_key')}` },
      body: JSON.stringify({ amount: 1, operation: 'bench' }),
    });
    const right = { status: 201, body: '"operation":"bench","amount":-1,' };
    const probe = { question: questionOf(FIRST_PERSON), right };
    const load = (people: number[]) => ({ questions: people.map(questionOf), right, connections, counter: db.counter });
    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, probe)));
      return {
        hot: httpSide(generator, server, load([FIRST_PERSON])),
        cool: httpSide(generator, server, load(Array.from({ length: accounts }, (_, i) => FIRST_PERSON + i))),
      };
    });
    await expectSoundLedger(db);
    return [
      {
        ...byRate(sides.hot, sides.cool),
        work: '`POST /api/credits/charges/`, one hot account',
        against: `itself over ${accounts.toLocaleString('en-US')} accounts`,
        target: { atLeast: 0.8 },
      },
    ];
  },
};
