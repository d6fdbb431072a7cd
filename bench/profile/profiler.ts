import { Session } from 'node:inspector/promises';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into a server before its own program, with `--import`: V8 takes samples of the main thread from one message of
 * the process that started it until the next, which is answered with them.
 */
const session = new Session();
let isSampling = false;

if (isMainThread) {
  session.connect();
  process.on('message', () => void answer());
  process.channel!.unref(); // no reason to stay
}

async function answer(): Promise<void> {
  if (isSampling) {
    const { profile } = await session.post('Profiler.stop');
    process.send!(profile);
  } else {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    process.send!('sampling');
  }
  isSampling = !isSampling;
}
