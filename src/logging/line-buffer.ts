import { pino, type DestinationStream } from 'pino';

const LINES_MAX = 64;
const WAIT_MS = 100;

/**
 * Lines leave together, because each write costs more than making a line: so many at a time, or as many as there were in a
 * tenth of a second, or at the end of the process.
 */
export class LineBuffer implements DestinationStream {
  private readonly output: ReturnType<typeof pino.destination>;
  private lines: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(fileDescriptor: number) {
    this.output = pino.destination({ fd: fileDescriptor, sync: true });
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    if (this.lines.push(line) >= LINES_MAX) {
      this.flushSync();
    } else {
      this.timer ??= setTimeout(() => this.flushSync(), WAIT_MS).unref();
    }
  }

  /** pino calls it by this name before the process ends of something fatal. */
  flushSync(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.output.write(this.lines.join(''));
    this.lines = [];
  }
}
