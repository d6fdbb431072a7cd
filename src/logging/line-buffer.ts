import type { DestinationStream } from 'pino';

/** Lines of the same turn of the event loop leave together: each write costs more than making a line. */
export class LineBuffer implements DestinationStream {
  private lines: (string | (() => string))[] = [];

  constructor(private readonly output: DestinationStream) {}

  /** @param line the line, or what makes it when it leaves: whoever makes many of them in a row takes less time for each */
  write(line: string | (() => string)): void {
    if (this.lines.push(line) === 1) {
      setImmediate(() => this.flushSync());
    }
  }

  /** pino calls it by this name before the process ends of something fatal. */
  flushSync(): void {
    const { lines } = this;
    this.lines = [];
    let text = '';
    for (const line of lines) {
      text += typeof line === 'string' ? line : line();
    }
    if (text !== '') {
      this.output.write(text);
    }
  }
}
