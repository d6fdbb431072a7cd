import cluster from 'node:cluster';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Supervisor } from '../../dist/src/workers/supervisor.js';

/** A supervisor of two such workers, with which it has little patience. What it logs and what becomes of it goes to standard output. */
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let unstarted = 0;
const logger = {
  error(fields, message) {
    unstarted += fields.problems ? 1 : 0;
    say({ message, ...fields });
  },
};
const supervisor = new Supervisor({ workers: 2 }, logger, new URL('./program.mjs', import.meta.url), {
  turnMs: 250,
  silentTurnsMax: 8,
  startTurnsMax: 40,
});
process.on('SIGTERM', () => void supervisor.stop(5_000).then(() => process.exit(0)));

/** Each makes it impossible to start a process, and answers what makes it possible again. */
const OBSTACLES = {
  'program-is-gone'() {
    const { execPath } = process;
    process.execPath = '/nowhere/at-all';
    return () => (process.execPath = execPath);
  },
  'settings-are-wrong'() {
    cluster.setupPrimary({ cwd: 5 });
    return () => cluster.setupPrimary({ cwd: undefined });
  },
  'no-files-are-left'() {
    const files = [];
    try {
      for (;;) {
        files.push(openSync('/dev/null'));
      }
    } catch {
      return () => files.forEach((file) => closeSync(file));
    }
  },
};

async function until(isTrue) {
  while (!isTrue()) {
    await sleep(50);
  }
}

async function hinder(obstacle) {
  const running = () => Object.values(cluster.workers).filter((worker) => worker.isConnected());
  const [victim] = running();
  const clear = obstacle();
  victim.process.kill('SIGKILL');
  await until(() => unstarted >= 2);
  clear();
  await until(() => running().length === 2);
  say({ message: 'all serve again' });
}

try {
  await supervisor.start();
  say({ message: 'all serve' });
  const obstacle = OBSTACLES[process.env.WORKER_MOOD];
  if (obstacle) {
    await hinder(obstacle);
  }
} catch (error) {
  say({ message: 'failed', problems: error.problems });
  process.exit(1);
}
