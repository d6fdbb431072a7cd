import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '../processes/right-answer.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import type { Row } from './row.js';

const IDLE_SECONDS = 5;

const READY: Probe = {
  question: { method: 'GET', path: '/health/ready' },
  right: { status: 200, body: '"status":"ok"' },
};

/** What the process holds when it has started and has nothing to do. */
export const memory: Row = {
  name: 'memory',
  async run({ effort, users, database }) {
    const db = await database(users);
    const values: number[] = [];
    for (let launch = 0; launch < effort.launches; launch++) {
      const server = await ServerProcess.start({ ...tollgate(db, READY), nodeFlags: [] });
      try {
        await sleep(IDLE_SECONDS * 1000);
        values.push(await server.residentMebibytes());
      } finally {
        await server.stop();
      }
    }
    return [{ work: 'memory, idle after start', against: '–', values, unit: 'MiB', target: { atMost: 130 } }];
  },
};
