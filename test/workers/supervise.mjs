import { Supervisor } from '../../dist/src/workers/supervisor.js';

/** A supervisor of two such workers, with which it has little patience. What it logs and what becomes of it goes to standard output. */
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const logger = { error: (fields, message) => say({ message, ...fields }) };
const supervisor = new Supervisor({ workers: 2 }, logger, new URL('./program.mjs', import.meta.url), {
  turnMs: 250,
  silentTurnsMax: 8,
  startTurnsMax: 40,
});
process.on('SIGTERM', () => void supervisor.stop(5_000).then(() => process.exit(0)));
try {
  await supervisor.start();
  say({ message: 'all serve' });
} catch (error) {
  say({ message: 'failed', problems: error.problems });
  process.exit(1);
}
