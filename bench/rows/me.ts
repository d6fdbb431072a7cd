import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, altered, tollgate } from '../processes/servers.js';
import { ME_PROBE, ME_RIGHT, meQuestions, peopleOf } from './requests.js';
import { spreadLastUses } from './session-uses.js';
import { byRate, type Row } from './row.js';

/** `GET /api/users/me/` with each kind of credential, against bare Fastify and against a query for each request. */
export const me: Row = {
  name: 'me',
  async run({ connections, users, database, generator, interleave }) {
    const db = await database(users);
    const people = peopleOf(db, users);
    const byKey = { questions: meQuestions(people, 'api_key'), right: ME_RIGHT, connections, counter: db.counter };

    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, ME_PROBE)));
      const answer = server.firstAnswer;
      const bare = resources.hold(await BareFastify.start(ME_PROBE.question, answer));
      const same = { ...ME_PROBE, right: answer };
      const reference = (argv: string[] = []) => ServerProcess.start(altered('query-per-request', db, same, argv));
      const perRequest = resources.hold(await reference());
      const prepared = resources.hold(await reference(['prepared']));
      return {
        key: httpSide(generator, server, byKey),
        token: httpSide(generator, server, { ...byKey, questions: meQuestions(people, 'access_token') }),
        session: httpSide(generator, server, {
          ...byKey,
          questions: meQuestions(people, 'session'),
          prepare: () => spreadLastUses(db, people),
        }),
        bare: httpSide(generator, bare, { questions: byKey.questions, right: ME_RIGHT, connections }),
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
