import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MODULE = new URL('../../dist/src/database/embedded/embedded-postgres.js', import.meta.url);
const PROGRAM = `
  const { startEmbeddedPostgres } = await import(process.argv[1]);
  const { url, stop } = await startEmbeddedPostgres({ dataDir: process.argv[2] });
  console.log(url);
  process.stdin.once('data', () => { process.stdin.destroy(); void stop(); });
`;

/** A PostgreSQL of a test's own, which it may let crash: the other tests share one. */
export class OwnPostgres {
  private constructor(
    readonly url: string,
    private readonly dataDir: string,
    private readonly holder: ChildProcess,
  ) {}

  static async start(): Promise<OwnPostgres> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-own-'));
    await chmod(dataDir, 0o711); // As root the database runs as another user, who must pass through.
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, MODULE.href, dataDir], {
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [url] = (await once(createInterface(holder.stdout), 'line')) as [string];
    return new OwnPostgres(url, dataDir, holder);
  }

  async stop(): Promise<void> {
    const exit = once(this.holder, 'exit');
    this.holder.stdin!.write('stop\n');
    await exit;
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
