import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Measurement, Side } from '../measuring/side.js';
import { NODE_FLAGS } from './node-flags.js';

const SCRIPT = fileURLToPath(new URL('../references/raw-bcrypt.js', import.meta.url));

/** A process that compares passwords and does nothing else. */
export class RawBcrypt implements Side {
  private readonly child: ChildProcess = fork(SCRIPT, {
    execArgv: NODE_FLAGS,
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: String(availableParallelism()) },
  });

  async measure(seconds: number): Promise<Measurement> {
    this.child.send(seconds);
    const [rate] = (await once(this.child, 'message')) as [number];
    return { rate };
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }
}
