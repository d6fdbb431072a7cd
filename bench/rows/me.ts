import { FIRST_PERSON, credentialOf, emailOf } from '../database/people.js';
import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, altered, askFor, tollgate } from '../processes/servers.js';
import { meQuestion, meRequests, peopleOf } from './requests.js';
import { spreadLastUses } from './session-uses.js';
import { byRate, type Row } from './row.js';

/** `GET /api/users/me/` with each kind of credential, against bare Fastify and against a query for each request. */
export const me: Row = {
  name: 'me',
  async run({ users, database, generator, interleave }) {
    const db = await database(users);
    const people = peopleOf(db, users);
    const question = meQuestion(credentialOf(FIRST_PERSON, 'api_key'));
    const byKey = { requests: meRequests(people, 'api_key'), expectedStatus: 200, counter: db.counter };

    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, question)));
      const answer = await askFor(200, server.url, question);
      if (!answer.body.includes(`"email":"${emailOf(FIRST_PERSON)}"`)) {
        throw new Error(`The answer to ${question.path} is somebody else's: ${answer.body}`);
      }
      const bare = resources.hold(await BareFastify.start(question, answer));
      const reference = (argv: string[] = []) => ServerProcess.start(altered('query-per-request', db, question, argv));
      const perRequest = resources.hold(await reference());
      const prepared = resources.hold(await reference(['prepared']));
      for (const { url } of [perRequest, prepared]) {
        if ((await askFor(200, url, question)).body !== answer.body) {
          throw new Error('The reference with a query per request does not answer the same.');
        }
      }
      return {
        key: httpSide(generator, server, byKey),
        token: httpSide(generator, server, { ...byKey, requests: meRequests(people, 'access_token') }),
        session: httpSide(generator, server, {
          ...byKey,
          requests: meRequests(people, 'session'),
          prepare: () => spreadLastUses(db, people),
        }),
        bare: httpSide(generator, bare, { requests: byKey.requests, expectedStatus: 200 }),
        perRequest: httpSide(generator, perRequest, byKey),
        prepared: httpSide(generator, prepared, byKey),
      };
    });

    const bare = { against: 'bare Fastify, same bytes', target: { atLeast: 0.5, p99BelowMs: 10 } };
    return [
      { ...byRate(sides.key, sides.bare), work: '`GET /api/users/me/` by API key', ...bare },
      { ...byRate(sides.token, sides.bare), work: '… by access token', ...bare },
      { ...byRate(sides.session, sides.bare), work: '… by session', ...bare },
      {
        ...byRate(sides.key, sides.perRequest),
        work: '… by API key',
        against: 'one query per request through `pg`’s pool',
        target: { atLeast: 2.2 },
      },
      { ...byRate(sides.key, sides.prepared), work: '… by API key', against: 'the same, as a prepared statement' },
    ];
  },
};
