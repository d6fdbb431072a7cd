import { pino, type DestinationStream } from 'pino';

/** Lines of the same turn of the event loop leave together: each write costs more than making a line. */
export class LineBuffer implements DestinationStream {
  private readonly output: ReturnType<typeof pino.destination>;
  private lines: string[] = [];

  constructor(fileDescriptor: number) {
    this.output = pino.destination({ fd: fileDescriptor, sync: true });
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    if (this.lines.push(line) === 1) {
      setImmediate(() => this.flushSync());
    }
  }

  /** pino calls it by this name before the process ends of something fatal. */
  flushSync(): void {
    if (this.lines.length > 0) {
      this.output.write(this.lines.join(''));
      this.lines = [];
    }
  }
}
