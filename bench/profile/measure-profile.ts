import { readFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import type { BenchDatabase } from '../database/bench-postgres.js';
import { LoadGenerator } from '../load/load-generator.js';
import { WARM_UP_MAX_SECONDS } from '../measuring/interleave.js';
import { httpSide, type Measurement } from '../measuring/side.js';
import { NODE_FLAGS } from '../processes/node-flags.js';
import type { Resources } from '../processes/resources.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import { ME, ME_PROBE, ME_RIGHT, meQuestions, peopleOf } from '../rows/requests.js';
import { filesOfBundle } from './bundle-sections.js';
import { ownerOf } from './owner.js';
import { sharesOf, type Shares } from './shares.js';

const PROFILER = new URL('./profiler.js', import.meta.url);
/** What `dist/src/main.js` runs. */
const BUNDLE = new URL('../../tollgate.cjs', import.meta.url);

/** Where the time goes while `GET /api/users/me/` is asked by API key, after a warm-up; and how that went. */
export async function measureProfile(
  db: BenchDatabase,
  { seconds, users, connections }: { seconds: number; users: number; connections: number },
  resources: Resources,
): Promise<{ work: string; shares: Shares; measured: Measurement }> {
  const generator = resources.hold(new LoadGenerator());
  const nodeFlags = [...NODE_FLAGS, '--import', PROFILER.href];
  const server = resources.hold(await ServerProcess.start({ ...tollgate(db, ME_PROBE), nodeFlags, hasChannel: true }));
  const questions = meQuestions(peopleOf(db, users), 'api_key');
  const side = httpSide(generator, server, { questions, right: ME_RIGHT, connections });

  await side.measure(Math.min(seconds, WARM_UP_MAX_SECONDS));
  await server.tell('begin');
  const measured = await side.measure(seconds);
  const profile = (await server.tell('end')) as Profiler.Profile;

  const fileAt = filesOfBundle(await readFile(BUNDLE, 'latin1'));
  const shares = sharesOf(profile, (frame, caller) => ownerOf(frame, caller, fileAt));
  return { work: `\`GET ${ME}\` by API key, ${connections} connections`, shares, measured };
}
