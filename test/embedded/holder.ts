/**
 * The program of the tests: holds an embedded database as `server.ts` does, in a process that can be killed.
 * Usage: node holder.js start|use <dataDir> <machineDir> [durable]. Says in JSON lines what happens; "stop" on its input stops it.
 */
import {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  useEmbeddedPostgres,
} from '../../src/database/embedded/embedded-postgres.js';

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const [mode, dataDir = '', machineDir = '', durable] = process.argv.slice(2);
const open = mode === 'use' ? useEmbeddedPostgres : startEmbeddedPostgres;
try {
  const { stop, ...opened } = await open({
    dataDir,
    machineDir,
    durable: durable === 'durable',
    onNotice: (notice) => say({ event: 'notice', notice }),
  });
  say({ event: 'started', ...opened });
  process.stdin.once('data', () => {
    process.stdin.destroy(); // then nothing but a forgotten handle of ours could keep this process from ending
    void stop().then(() => say({ event: 'stopped' }));
  });
} catch (error) {
  const isForPeople = error instanceof EmbeddedPostgresError;
  say({ event: 'refused', isForPeople, message: isForPeople ? error.message : String(error) });
  process.exitCode = 1;
}
