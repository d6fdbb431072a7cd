import { expectSoundLedger } from '../database/expect-sound-ledger.js';
import { FIRST_PERSON, credentialOf, memberIdOf } from '../database/people.js';
import { MEMBERS } from '../database/seed.js';
import { httpSide } from '../measuring/side.js';
import type { Question } from '../processes/ask.js';
import { ServerProcess } from '../processes/server-process.js';
import { altered, askFor, tollgate } from '../processes/servers.js';
import { textOf } from './requests.js';
import { byRate, type Row } from './row.js';

/** `POST /v1/user/Read`, which is authenticated, charged and read, all for one account, against naive charges. */
export const read: Row = {
  name: 'read',
  async run({ users, database, generator, interleave }) {
    const db = await database(users);
    const headers = { authorization: `Bearer ${credentialOf(FIRST_PERSON, 'api_key')}` };
    const questionOf = (member: number): Question => ({
      method: 'POST',
      path: '/v1/user/Read',
      headers,
      body: JSON.stringify({ id: memberIdOf(member) }),
    });
    const load = {
      requests: Array.from({ length: MEMBERS }, (_, member) => textOf(questionOf(member))),
      expectedStatus: 200,
      counter: db.counter,
    };
    const sides = await interleave(async (resources) => {
      const question = questionOf(0);
      const server = resources.hold(await ServerProcess.start(tollgate(db, question)));
      const naive = resources.hold(await ServerProcess.start(altered('transaction-per-charge', db, question)));
      const { body } = await askFor(200, server.url, question);
      if (!body.includes(`"id":"${memberIdOf(0)}"`) || (await askFor(200, naive.url, question)).body !== body) {
        throw new Error(`Read answers something else: ${body}`);
      }
      return { batched: httpSide(generator, server, load), naive: httpSide(generator, naive, load) };
    });
    await expectSoundLedger(db);
    return [
      {
        ...byRate(sides.batched, sides.naive),
        work: '`POST /v1/user/Read` (authenticated, charged, read), one paying account',
        against: 'a transaction per charge: lock, update, insert, commit',
        target: { atLeast: 8 },
      },
    ];
  },
};
