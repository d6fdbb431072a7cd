import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const PAGE_BYTES = 65_536;
const UTF8_BYTES_MAX = 3;
const NEWLINE = 0x0a;
/** What the kernel writes to a pipe wholly or not at all: PIPE_BUF of Linux (pipe(7)). */
const WHOLE_BYTES_MAX = 4_096;

/** How long everybody waits for a reader who is behind; until it has caught up, nobody waits any more. */
const PATIENCE_MS = 1_000;
const RETRY_MS = 1;
const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Writes lines to a file descriptor, and returns when they are written: a process that ends loses none. Those that cannot be
 * written are lost, as on a full disk or where nobody reads; the process goes on. (pino's own ends it in the first case, and waits
 * for ever in the second.)
 */
export class DescriptorOutput implements DestinationStream {
  /** One for all that is ever written: nothing to allocate. */
  private readonly page = Buffer.allocUnsafeSlow(PAGE_BYTES);
  private isFailing = false;
  /** Whether what was written last is a part of a line. */
  private isCut = false;

  /**
   * @param complain is told when lines begin to be lost, and when they are written again
   * @param isShared whether other processes write to it as well: none of their lines then comes into the middle of one of ours
   */
  constructor(
    private readonly descriptor: number,
    private readonly complain: (sentence: string) => void,
    private readonly isShared = false,
  ) {}

  write(lines: string): void {
    const text = this.isCut ? `\n${lines}` : lines;
    const isLong = text.length * UTF8_BYTES_MAX > PAGE_BYTES;
    const bytes = isLong ? Buffer.from(text) : this.page;
    const length = isLong ? bytes.length : this.page.write(text);
    const waitUntil = this.isFailing ? 0 : performance.now() + PATIENCE_MS;
    let written = 0;
    try {
      while (written < length) {
        const end = this.isShared ? endOfPiece(bytes, written, length) : length;
        written += this.writeSome(bytes, written, end - written, waitUntil);
      }
    } catch (error) {
      this.isCut = written > 0 ? bytes[written - 1] !== NEWLINE : this.isCut;
      this.fail(error);
      return;
    }
    this.isCut = false;
    if (this.isFailing) {
      this.isFailing = false;
      this.complain('The log can be written again.');
    }
  }

  /** @returns how many bytes; 0 when it waited for the reader */
  private writeSome(bytes: Buffer, from: number, length: number, waitUntil: number): number {
    try {
      return writeSync(this.descriptor, bytes, from, length);
    } catch (error) {
      const isReaderBehind = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      if (!isReaderBehind || performance.now() > waitUntil) {
        throw error;
      }
      Atomics.wait(NEVER_NOTIFIED, 0, 0, RETRY_MS);
      return 0;
    }
  }

  private fail(error: unknown): void {
    if (!this.isFailing) {
      this.isFailing = true;
      this.complain(`The log cannot be written, and its lines are lost until it can: ${(error as Error).message}`);
    }
  }
}

/** As many lines as are written wholly or not at all; one, where that is longer. */
function endOfPiece(bytes: Buffer, from: number, length: number): number {
  if (length - from <= WHOLE_BYTES_MAX) {
    return length;
  }
  const lastNewline = bytes.lastIndexOf(NEWLINE, from + WHOLE_BYTES_MAX - 1);
  const end = lastNewline >= from ? lastNewline : bytes.indexOf(NEWLINE, from);
  return end === -1 || end >= length ? length : end + 1;
}
