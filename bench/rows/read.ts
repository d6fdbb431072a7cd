import { expectSoundLedger } from '../database/expect-sound-ledger.js';
import { FIRST_PERSON, credentialOf, memberIdOf } from '../database/people.js';
import { MEMBERS } from '../database/seed.js';
import { httpSide } from '../measuring/side.js';
import type { Question } from '../processes/ask.js';
import { ServerProcess } from '../processes/server-process.js';
import { altered, tollgate } from '../processes/servers.js';
import { byRate, type Row } from './row.js';

/** `POST /v1/user/Read`, which is authenticated, charged and read, all for one account, against naive charges. */
export const read: Row = {
  name: 'read',
  async run({ connections, users, database, generator, interleave }) {
    const db = await database(users);
    const headers = { authorization: `Bearer ${credentialOf(FIRST_PERSON, 'api_key')}` };
    const questionOf = (member: number): Question => ({
      method: 'POST',
      path: '/v1/user/Read',
      headers,
      body: JSON.stringify({ id: memberIdOf(member) }),
    });
    const questions = Array.from({ length: MEMBERS }, (_, member) => questionOf(member));
    const right = { status: 200, body: `"id":"${memberIdOf(0)}"` };
    const load = { questions, right, connections, counter: db.counter };
    const sides = await interleave(async (resources) => {
      const question = questionOf(0);
      const server = resources.hold(await ServerProcess.start(tollgate(db, { question, right })));
      const same = { question, right: server.firstAnswer };
      const naive = resources.hold(await ServerProcess.start(altered('transaction-per-charge', db, same)));
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
