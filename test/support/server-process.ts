import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import { PASSWORD } from './test-app.js';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export const SECRET_KEY = 'a secret key of process tests that is long enough';

interface SpawnOptions {
  /** The path of what runs in its place. */
  program?: string;
  /** A file descriptor, in place of what is read into `output`. */
  stdout?: 'pipe' | number;
  stderr?: 'pipe' | number;
}

/** The built server as a process of its own, as `npm start` runs it. */
export class ServerProcess {
  output = '';
  readonly exit: Promise<number | null>;

  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exit = new Promise((resolve) => child.on('close', resolve));
  }

  /** Starts without waiting. Inherits nothing of ours but the path to find programs in. */
  static async spawn(
    variables: Record<string, string> = {},
    { program = MAIN, stdout = 'pipe', stderr = 'pipe' }: SpawnOptions = {},
  ): Promise<ServerProcess> {
    const port = variables.PORT ?? String(await freePort());
    const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-server-'));
    const child = spawn(process.execPath, [program], {
      cwd: REPOSITORY,
      env: { PATH: process.env.PATH, PORT: port, DATA_DIR: dataDir, BCRYPT_COST: '4', ...variables },
      stdio: ['ignore', stdout, stderr],
    });
    const server = new ServerProcess(child, `http://127.0.0.1:${port}`);
    void server.exit.then(() => rm(dataDir, { recursive: true, force: true }));
    return server;
  }

  /** Starts, and waits until it says that it is ready. Throws with its output if it exits instead. */
  static async start(variables: Record<string, string> = {}, options?: SpawnOptions): Promise<ServerProcess> {
    const server = await ServerProcess.spawn(variables, options);
    await server.waitFor('Tollgate is ready.');
    return server;
  }

  async waitFor(text: string): Promise<void> {
    let hasExited = false;
    void this.exit.then(() => (hasExited = true));
    while (!this.output.includes(text)) {
      if (hasExited) {
        throw new Error(`The server exited without saying "${text}":\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  client(headers: Record<string, string> = {}): Client {
    return new Client(this.url, headers);
  }

  /** Signs somebody up and logs them in. */
  async aSession(email = 'somebody@example.com'): Promise<string> {
    const person = { email, password: PASSWORD };
    await this.client().post('/api/users/', person);
    const { body } = await this.client().post<{ data: { token: string } }>('/api/v1/users/login', person);
    return body.data.token;
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exit;
  }

  stop(): Promise<number | null> {
    return this.signal('SIGTERM');
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
