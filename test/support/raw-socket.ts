import { connect } from 'node:net';
import { checkAnswer } from './contract.js';

export interface RawReply {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed when it is JSON. */
  body: unknown;
}

/**
 * Sends bytes as they are, for requests that no HTTP client would send, and reads one answer. What the request line
 * names is checked against the OpenAPI document unless it is no URL of ours.
 */
export async function sendRaw(url: string, ...chunks: (string | Buffer)[]): Promise<RawReply> {
  const text = await exchange(url, chunks);
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const payload = rest.join('\r\n\r\n');
  const contentType = headers.get('content-type');
  const body: unknown = contentType?.includes('json') && payload !== '' ? JSON.parse(payload) : undefined;
  return { status: Number(statusLine.split(' ')[1]), headers, text: payload, body };
}

/** `METHOD path` with headers and a body whose length is told truly. */
export function requestText(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Buffer {
  const all = { host: 'tollgate.example', connection: 'close', ...headers };
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...all });
  const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

/** Checks an answer of `sendRaw` against the OpenAPI document. */
export function checkRawAnswer(method: string, path: string, reply: RawReply): void {
  checkAnswer({ method, path, status: reply.status, headers: reply.headers, body: reply.body });
}

function exchange(url: string, chunks: (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      for (const chunk of chunks) {
        socket.write(chunk);
      }
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      const length = /content-length: (\d+)/i.exec(answer)?.[1];
      const start = answer.indexOf('\r\n\r\n');
      if (start >= 0 && (length === undefined || answer.length >= start + 4 + Number(length))) {
        socket.destroy();
        resolve(Buffer.from(answer, 'latin1').toString('utf8'));
      }
    });
    // A server that hangs up on a body it will not read may reset the connection after its answer.
    socket.on('error', () => undefined);
    socket.on('close', () => (answer === '' ? reject(new Error('no answer')) : resolve(answer)));
  });
}
