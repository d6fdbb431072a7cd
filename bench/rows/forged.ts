import { forgedCredential, unknownCredential } from '../database/people.js';
import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, askFor, tollgate } from '../processes/servers.js';
import { meQuestion, textOf } from './requests.js';
import { byRate, type Row } from './row.js';

/** Credentials that are refused: those that were made up, and those that are no good any more. */
export const forged: Row = {
  name: 'forged',
  async run({ users, database, generator, interleave }) {
    const db = await database(users);
    const question = meQuestion(forgedCredential(0));
    const requestsWith = (credentialOf: (number: number) => string) =>
      Array.from({ length: users }, (_, number) => textOf(meQuestion(credentialOf(number))));
    const refused = { expectedStatus: 401, counter: db.counter };
    const forgedRequests = requestsWith(forgedCredential);

    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, question)));
      const answer = await askFor(401, server.url, question);
      const bare = resources.hold(await BareFastify.start(question, answer));
      return {
        forged: httpSide(generator, server, { ...refused, requests: forgedRequests }),
        unknown: httpSide(generator, server, { ...refused, requests: requestsWith(unknownCredential) }),
        bare: httpSide(generator, bare, { requests: forgedRequests, expectedStatus: 401 }),
      };
    });
    const against = 'bare Fastify, same bytes';
    return [
      { ...byRate(sides.forged, sides.bare), work: 'forged credential', against, target: { atLeast: 0.5 } },
      { ...byRate(sides.unknown, sides.bare), work: 'credential that was revoked', against },
    ];
  },
};
