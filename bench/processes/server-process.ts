import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../src/database/embedded/launch.js';
import { NODE_FLAGS } from './node-flags.js';
import { ask, type Address, type PlainAnswer, type Question } from './ask.js';
import { expectRight, type Probe } from './right-answer.js';

const POLL_MS = 2;
const START_MAX_MS = 60_000;
const STOP_MAX_MS = 20_000;
/** Of what it says on standard error, for when it fails. */
const SAID_MAX = 4_000;

export interface ServerOptions {
  script: string;
  argv?: string[];
  /** Besides PORT. Nothing else of ours is handed on but the path to find programs in. */
  environment?: Record<string, string>;
  nodeFlags?: string[];
  /** Whether it can be told something. */
  hasChannel?: boolean;
  /** Asked until it is answered; the first answer must be the right one. */
  probe: Probe;
}

/** A server as a process of its own, whose log goes to the null device. */
export class ServerProcess implements Address {
  readonly host = '127.0.0.1';
  /** To the probe. */
  firstAnswer!: PlainAnswer;
  /** From the start of the process to that answer. */
  startMilliseconds = NaN;
  private said = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr!.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-SAID_MAX)));
    // When we are interrupted while it starts, nobody else knows of it yet.
    const kill = () => child.kill('SIGKILL');
    process.on('exit', kill);
    child.on('exit', () => process.off('exit', kill));
  }

  /** Starts it, and waits for its first answer. @throws with what it says when there is none or another one */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { script, argv = [], environment = {}, nodeFlags = NODE_FLAGS, hasChannel = false, probe } = options;
    const port = await freePort();
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, script, ...argv], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), ...environment },
      stdio: ['ignore', 'ignore', 'pipe', ...(hasChannel ? ['ipc' as const] : [])],
    });
    const server = new ServerProcess(child, port);
    try {
      server.firstAnswer = await server.answerTo(probe.question);
      server.startMilliseconds = performance.now() - startedAt;
      expectRight(server.firstAnswer, probe);
      return server;
    } catch (error) {
      await server.stop();
      throw new Error(`${script}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Resident memory in MiB. */
  async residentMebibytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8').catch(() => '');
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kibibytes !== undefined) {
      return Number(kibibytes) / 1024;
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(this.child.pid)]);
    return Number(stdout) / 1024;
  }

  /** Sends it a message, and waits for one of it. @throws with what it says when it ends instead */
  async tell(message: string): Promise<unknown> {
    this.child.send(message);
    const [answer] = (await Promise.race([once(this.child, 'message'), once(this.child, 'exit')])) as [unknown];
    if (this.hasEnded) {
      throw new Error(`The server ended. It says:\n${this.said}`);
    }
    return answer;
  }

  async stop(): Promise<void> {
    if (this.hasEnded) {
      return;
    }
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const harder = setTimeout(() => this.child.kill('SIGKILL'), STOP_MAX_MS);
    await exit;
    clearTimeout(harder);
  }

  private async answerTo(question: Question): Promise<PlainAnswer> {
    const giveUpAt = performance.now() + START_MAX_MS;
    while (performance.now() < giveUpAt && !this.hasEnded) {
      const answer = await ask(this, question).catch(() => undefined);
      if (answer) {
        return answer;
      }
      await sleep(POLL_MS);
    }
    await this.stop(); // it may say more
    throw new Error(`does not answer. It says:\n${this.said}`);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
