import { httpSide } from '../measuring/side.js';
import type { PlainAnswer } from '../processes/ask.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, altered, tollgate } from '../processes/servers.js';
import type { CredentialKind } from '../../src/route-policy/principal.js';
import { ME_PROBE, ME_RIGHT, meQuestions, peopleOf } from './requests.js';
import { spreadLastUses } from './session-uses.js';
import { byRate, type Row } from './row.js';

/** `GET /api/users/me/` with each kind of credential, against bare Fastify and against a query for each request. */
export const me: Row = {
  name: 'me',
  async run({ connections, users, database, generator, interleave }) {
    const db = await database(users);
    const people = peopleOf(db, users);
    const loadOf = (kind: CredentialKind) => ({
      questions: meQuestions(people, kind),
      right: ME_RIGHT,
      connections,
      counter: db.counter,
      ...(kind === 'session' ? { prepare: () => spreadLastUses(db, people) } : {}),
    });
    const [byKey, byToken, bySession] = [loadOf('api_key'), loadOf('access_token'), loadOf('session')];
    const withoutDatabase = { questions: byKey.questions, right: ME_RIGHT, connections };

    const sides = await interleave(async (resources) => {
      const server = resources.hold(await ServerProcess.start(tollgate(db, ME_PROBE)));
      const answer = server.firstAnswer;
      const replayOf = (of: PlainAnswer) => BareFastify.start(ME_PROBE.question, of);
      const bare = resources.hold(await replayOf(answer));
      const bareBody = resources.hold(await replayOf(withoutHeaders(answer)));
      const same = { ...ME_PROBE, right: answer };
      const reference = (argv: string[] = []) => ServerProcess.start(altered('query-per-request', db, same, argv));
      const perRequest = resources.hold(await reference());
      const prepared = resources.hold(await reference(['prepared']));
      // Those that are compared stand close together.
      return {
        perRequest: httpSide(generator, perRequest, byKey),
        preparedByKey: httpSide(generator, prepared, byKey),
        key: httpSide(generator, server, byKey),
        bareBody: httpSide(generator, bareBody, withoutDatabase),
        bare: httpSide(generator, bare, withoutDatabase),
        token: httpSide(generator, server, byToken),
        preparedByToken: httpSide(generator, prepared, byToken),
        session: httpSide(generator, server, bySession),
        preparedBySession: httpSide(generator, prepared, bySession),
      };
    });

    const [key, token, session] = ['`GET /api/users/me/` by API key', '… by access token', '… by session'];
    const bare = { against: 'bare Fastify, same bytes', target: { atLeast: 0.5, p99BelowMs: 10 } };
    const prepared = { against: 'one query per request through `pg`’s pool, prepared', target: { atLeast: 2.2 } };
    return [
      { ...byRate(sides.key, sides.bare), work: key, ...bare },
      { ...byRate(sides.token, sides.bare), work: token, ...bare },
      { ...byRate(sides.session, sides.bare), work: session, ...bare },
      { ...byRate(sides.key, sides.bareBody), work: '… by API key', against: 'bare Fastify, same body, no headers' },
      { ...byRate(sides.key, sides.preparedByKey), work: '… by API key', ...prepared },
      { ...byRate(sides.token, sides.preparedByToken), work: token, ...prepared },
      { ...byRate(sides.session, sides.preparedBySession), work: session, ...prepared },
      {
        ...byRate(sides.key, sides.perRequest),
        work: '… by API key',
        against: 'one query per request through `pg`’s pool, not prepared',
        target: { atLeast: 2.2 },
      },
    ];
  },
};

/** The same answer with no header of ours but the type of its body. */
function withoutHeaders({ rawHeaders, ...answer }: PlainAnswer): PlainAnswer {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type');
  return { ...answer, rawHeaders: rawHeaders.slice(at, at + 2) };
}
