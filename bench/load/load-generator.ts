import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../processes/node-flags.js';
import type { LoadPlan, LoadResult } from './plan.js';

const SCRIPT = fileURLToPath(new URL('./generator-process.js', import.meta.url));

/** A load generator in a process of its own. One load at a time: for two at once, have two. */
export class LoadGenerator {
  private readonly child: ChildProcess = fork(SCRIPT, { execArgv: NODE_FLAGS, serialization: 'advanced' });
  private readonly exit = once(this.child, 'exit');

  /** @throws when the process ends instead of answering */
  async run(plan: LoadPlan): Promise<LoadResult> {
    this.child.send(plan);
    const [answer] = (await Promise.race([once(this.child, 'message'), this.exit])) as [LoadResult | number | null];
    if (answer === null || typeof answer !== 'object') {
      throw new Error(`The load generator ended (${answer}).`);
    }
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.connected) {
      this.child.disconnect();
    }
    await this.exit;
  }
}
