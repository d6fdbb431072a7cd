const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** As Node's servers spell it, and as most others do; any other spelling is searched for in a slower way. */
const LENGTH_SPELLINGS = [Buffer.from('\r\ncontent-length: '), Buffer.from('\r\nContent-Length: ')];
const STATUS_AT = 'HTTP/1.1 '.length;
const DIGIT_0 = 0x30;

/** An answer that has arrived as a whole. */
export interface Answer {
  status: number;
  /** The server closes the connection after it. */
  isLast: boolean;
}

/**
 * Finds where an answer over HTTP/1.1 ends. Nothing is pipelined, so an answer ends where what was received ends. Looks
 * at no more than that takes: what the load generator spends is missing to the server on the same machine.
 */
export class AnswerReader {
  private held: Buffer | undefined;

  /** The answer, once its last bytes are there. The chunk may be overwritten afterwards. */
  read(chunk: Buffer): Answer | undefined {
    const bytes = this.held ? Buffer.concat([this.held, chunk]) : chunk;
    const headEnd = bytes.indexOf(END_OF_HEAD);
    if (headEnd < 0 || !isWhole(bytes, headEnd)) {
      this.held = this.held ? bytes : Buffer.from(chunk);
      return undefined;
    }
    this.held = undefined;
    return {
      status: digitsAt(bytes, STATUS_AT),
      isLast: bytes.includes('\r\nconnection: close') || bytes.includes('\r\nConnection: close'),
    };
  }
}

function isWhole(bytes: Buffer, headEnd: number): boolean {
  const bodyStart = headEnd + END_OF_HEAD.length;
  const length = contentLength(bytes, headEnd);
  if (length !== undefined) {
    return bytes.length >= bodyStart + length;
  }
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(bytes.toString('latin1', 0, headEnd));
  return !isChunked || hasLastChunk(bytes, bodyStart);
}

function contentLength(bytes: Buffer, headEnd: number): number | undefined {
  for (const spelling of LENGTH_SPELLINGS) {
    const at = bytes.indexOf(spelling);
    if (at >= 0 && at < headEnd) {
      return digitsAt(bytes, at + spelling.length);
    }
  }
  const [, digits] = /\r\ncontent-length:[ \t]*(\d+)/i.exec(bytes.toString('latin1', 0, headEnd)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function digitsAt(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; at < bytes.length; at++) {
    const digit = bytes[at]! - DIGIT_0;
    if (digit < 0 || digit > 9) {
      break;
    }
    value = value * 10 + digit;
  }
  return value;
}

function hasLastChunk(bytes: Buffer, bodyStart: number): boolean {
  let at = bodyStart;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) {
      return false;
    }
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (size === 0) {
      return bytes.includes(END_OF_HEAD, lineEnd);
    }
    at = lineEnd + 2 + size + 2;
  }
}
