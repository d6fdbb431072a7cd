import { ADMINISTRATOR, credentialOf, emailOf } from '../database/people.js';
import { httpSide } from '../measuring/side.js';
import type { Question } from '../processes/ask.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import { byRate, type Row } from './row.js';

/** Users from the end of the list to where the page begins. */
const BEFORE_THE_END = 1_000;

/** A page far down a long list, against its first one. */
export const list: Row = {
  name: 'list',
  async run({ connections, large, database, generator, interleave }) {
    const db = await database(large);
    const depth = Math.max(0, large - BEFORE_THE_END);
    const questionOf = (offset: number): Question => ({
      method: 'POST',
      path: '/v1/user/List',
      headers: { authorization: `Bearer ${credentialOf(ADMINISTRATOR, 'api_key')}` },
      body: JSON.stringify({ offset }),
    });
    const rightAt = (offset: number) => ({ status: 200, body: `"email":"${emailOf(offset + ADMINISTRATOR)}"` });
    const load = (offset: number) => ({
      questions: [questionOf(offset)],
      right: rightAt(offset),
      connections,
      counter: db.counter,
    });
    const sides = await interleave(async (resources) => {
      const server = resources.hold(
        await ServerProcess.start(tollgate(db, { question: questionOf(0), right: rightAt(0) })),
      );
      return { deep: httpSide(generator, server, load(depth)), first: httpSide(generator, server, load(0)) };
    });
    const { values, ...compared } = byRate(sides.deep, sides.first);
    return [
      {
        ...compared,
        values: values.map((rate) => 1 / rate),
        work: `rpc \`List\` at ${depth.toLocaleString('en-US')} of ${large.toLocaleString('en-US')}`,
        against: 'its own first page (time)',
        target: { atMost: 5 },
      },
    ];
  },
};
