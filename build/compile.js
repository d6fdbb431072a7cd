import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPILED_FILE, openBundle } from '../dist/src/bundle/bundle.js';
import { freePort } from '../dist/src/database/embedded/launch.js';
import { standInPostgres } from './stand-in-postgres.js';

/**
 * Starts the bundle on a database that is none, asks it something, and keeps what V8 compiled for that, so that no start has
 * to compile it again. `bundle.js` runs it in a process of its own.
 */
const port = await freePort();
Object.assign(process.env, {
  PORT: String(port),
  DATABASE_URL: await standInPostgres(),
  SECRET_KEY: 'a key to nothing and nobody at all',
  DATA_DIR: tmpdir(),
});
const bundle = openBundle();
bundle.run();

const base = `http://127.0.0.1:${port}`;
while (!(await isAnswered(`${base}/health/live`))) {
  await sleep(20);
}
await isAnswered(`${base}/api/users/me/`);
writeFileSync(COMPILED_FILE, bundle.script.createCachedData());
process.exit();

async function isAnswered(url) {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    return false;
  }
}
