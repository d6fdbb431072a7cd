import pg from 'pg';
import type { BenchDatabase } from '../database/bench-postgres.js';
import { FIRST_PERSON, credentialOf, emailOf } from '../database/people.js';
import { quotients } from '../measuring/statistics.js';
import { httpSide } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, altered, askFor, tollgate } from '../processes/servers.js';
import { meQuestion, meRequests, peopleOf } from './requests.js';
import type { Line, Row } from './row.js';

/** `GET /api/users/me/` with each kind of credential, against bare Fastify and against a query for each request. */
export const me: Row = {
  name: 'me',
  async run({ users, database, generator, interleave }) {
    const db = await database(users);
    const people = peopleOf(db, users);
    const question = meQuestion(credentialOf(FIRST_PERSON, 'api_key'));
    const byKey = { requests: meRequests(people, 'api_key'), expectedStatus: 200, counter: db.counter };

    const sides = await interleave(async (resources) => {
      const { server } = await ServerProcess.start(tollgate(db, question));
      resources.hold(server);
      const answer = await askFor(200, server.url, question);
      if (!answer.body.includes(`"email":"${emailOf(FIRST_PERSON)}"`)) {
        throw new Error(`The answer to ${question.path} is somebody else's: ${answer.body}`);
      }
      const bare = resources.hold(await BareFastify.start(question, answer));
      const perRequest = resources.hold((await ServerProcess.start(altered('query-per-request', db, question))).server);
      const prepared = resources.hold(
        (await ServerProcess.start(altered('query-per-request', db, question, ['prepared']))).server,
      );
      for (const reference of [perRequest, prepared]) {
        if ((await askFor(200, reference.url, question)).body !== answer.body) {
          throw new Error('The reference with a query per request does not answer the same.');
        }
      }
      return {
        key: httpSide(generator, server, byKey),
        token: httpSide(generator, server, { ...byKey, requests: meRequests(people, 'access_token') }),
        session: httpSide(generator, server, {
          ...byKey,
          requests: meRequests(people, 'session'),
          prepare: () => spreadLastUses(db),
        }),
        bare: httpSide(generator, bare, { requests: byKey.requests, expectedStatus: 200 }),
        perRequest: httpSide(generator, perRequest, byKey),
        prepared: httpSide(generator, prepared, byKey),
      };
    });

    const line = (name: keyof typeof sides, reference: keyof typeof sides, rest: Omit<Line, 'values'>): Line => ({
      ...rest,
      values: quotients(
        sides[name].rounds.map(({ rate }) => rate),
        sides[reference].rounds.map(({ rate }) => rate),
      ),
      subject: sides[name],
      reference: sides[reference],
    });
    const bare = { against: 'bare Fastify, same bytes', target: { atLeast: 0.5, p99BelowMs: 10 } };
    return [
      line('key', 'bare', { work: '`GET /api/users/me/` by API key', ...bare }),
      line('token', 'bare', { work: '… by access token', ...bare }),
      line('session', 'bare', { work: '… by session', ...bare }),
      line('key', 'perRequest', {
        work: '… by API key',
        against: 'one query per request through `pg`’s pool',
        target: { atLeast: 2.2 },
      }),
      line('key', 'prepared', { work: '… by API key', against: 'the same, as a prepared statement' }),
    ];
  },
};

/**
 * The use of a session is noted once a minute. In steady use, the sessions of everybody fall due spread over the minute,
 * not all at once because the benchmark has been busy elsewhere.
 */
async function spreadLastUses({ url }: BenchDatabase): Promise<void> {
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    await db.query(
      `UPDATE credentials SET last_used_at = now() - random() * interval '1 minute' WHERE kind = 'session'`,
    );
  } finally {
    await db.end();
  }
}
