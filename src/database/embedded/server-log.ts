import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { lastLines } from './run-program.js';
import type { ServerAccount } from './server-account.js';

const SIZE_MAX_BYTES = 1_000_000;

/**
 * The file that a server's output goes to, opened by us and inherited by the server. Bounded: at a server's start a
 * large one becomes `.1` (the one before is dropped), and failed statements are not logged (see `launch`).
 */
export class ServerLog {
  private constructor(
    private readonly file: FileHandle,
    private readonly start: number,
  ) {}

  static async open(path: string, account: ServerAccount | undefined): Promise<ServerLog> {
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size > SIZE_MAX_BYTES) await rename(path, `${path}.1`).catch(() => undefined);
    // No following of links: root may be writing into the folder of a user. (Windows knows no such flag.)
    const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;
    const file = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | noFollow, 0o600);
    if (account) await file.chown(account.uid, account.gid); // who may later start the server himself
    return new ServerLog(file, (await file.stat()).size);
  }

  get descriptor(): number {
    return this.file.fd;
  }

  /** The last lines since this start; empty when there are none. */
  async tail(): Promise<string> {
    const { size } = await this.file.stat();
    const from = Math.max(this.start, size - 8_000);
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(size - from), 0, size - from, from);
    return lastLines(buffer.toString('utf8', 0, bytesRead), 10);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
