import { forgedCredential, unknownCredential } from '../database/people.js';
import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, tollgate } from '../processes/servers.js';
import { meQuestion } from './requests.js';
import { byRate, type Row } from './row.js';

/** Credentials that are refused: those that were made up, and those that are no good any more. */
export const forged: Row = {
  name: 'forged',
  async run({ connections, users, database, generator, interleave }) {
    const db = await database(users);
    const questionsWith = (credentialOf: (number: number) => string) =>
      Array.from({ length: users }, (_, number) => meQuestion(credentialOf(number)));
    const forgedQuestions = questionsWith(forgedCredential);
    const question = forgedQuestions[0]!;
    const right = { status: 401, body: '"code":"auth.not_authenticated"' };
    const refused = { right, connections, counter: db.counter };

    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, { question, right })));
      const bare = resources.hold(await BareFastify.start(question, server.firstAnswer));
      return {
        forged: httpSide(generator, server, { ...refused, questions: forgedQuestions }),
        unknown: httpSide(generator, server, { ...refused, questions: questionsWith(unknownCredential) }),
        bare: httpSide(generator, bare, { questions: forgedQuestions, right, connections }),
      };
    });
    const against = 'bare Fastify, same bytes';
    return [
      { ...byRate(sides.forged, sides.bare), work: 'forged credential', against, target: { atLeast: 0.5 } },
      { ...byRate(sides.unknown, sides.bare), work: 'credential that was revoked', against },
    ];
  },
};
