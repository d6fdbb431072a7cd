import type { Side } from '../measuring/side.js';
import { ServerProcess } from '../processes/server-process.js';
import { BareFastify, tollgate } from '../processes/servers.js';
import { ME_PROBE } from './requests.js';
import { byTime, type Row } from './row.js';

/** From the start of the process, with a database that is up, to the first answer to somebody with a credential. */
export const start: Row = {
  name: 'start',
  async run({ users, database, interleave }) {
    const db = await database(users);
    const startTollgate = () => ServerProcess.start({ ...tollgate(db, ME_PROBE), nodeFlags: [] });

    const once = await startTollgate();
    const answer = once.firstAnswer;
    await once.stop();
    const sides = await interleave(() =>
      Promise.resolve({
        tollgate: startsOf(startTollgate),
        bare: startsOf(() => BareFastify.start(ME_PROBE.question, answer, [])),
      }),
    );
    return [
      {
        ...byTime(sides.tollgate, sides.bare, 'p50'),
        work: 'first answer after `node dist/src/main.js`, with a database that is up',
        against: 'bare Fastify',
        target: { atMost: 2.5 },
      },
    ];
  },
};

function startsOf(startServer: () => Promise<{ startMilliseconds: number; stop(): Promise<void> }>): Side {
  return {
    measure: async () => {
      const server = await startServer();
      await server.stop();
      return { p50: server.startMilliseconds };
    },
  };
}
