import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** So many leave at once: clients are at work on them while the others are made. */
const BURST_MAX = 32;

interface Part {
  chunk: unknown;
  encoding: BufferEncoding;
}

/**
 * Lets the answers of a turn of the event loop leave at its end, or 32 before it, one right after the other. To write to
 * somebody who waits is to wake them, which costs more than to make an answer; whoever has many connections, as a proxy or
 * a backend does, is woken by the first write and awake for the others. See docs/adr/0015-the-hot-path.md.
 *
 * Node corks a socket while it writes the parts of an answer, and uncorks it at the answer's end; that is put off here.
 */
export function answerInBursts(server: Server): void {
  let due = new Set<() => void>();
  const flush = () => {
    const answered = due;
    due = new Set();
    answered.forEach((release) => release());
  };
  // Node takes a connection for idle as soon as its answer is made, and a server that closes ends those that are.
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    flush();
    closeIdle();
  };
  server.on('connection', (socket: Socket) => {
    const uncork = socket.uncork.bind(socket);
    const release = () => {
      while (socket.writableCorked > 0) {
        uncork();
      }
    };
    socket.uncork = () => {
      if (due.size === 0) {
        setImmediate(flush);
      }
      due.add(release);
      if (due.size === BURST_MAX) {
        flush();
      }
    };
    writeSingleTexts(socket);
  });
}

/**
 * Node ends every answer with an empty text. For it, an answer that is one text would be gathered like one of many parts, which
 * takes longer than to write it.
 */
function writeSingleTexts(socket: Socket): void {
  const gather = socket._writev!.bind(socket);
  socket._writev = (parts, done) => {
    const [{ chunk, encoding }, last] = parts as [Part, ...Part[]];
    if (parts.length === 2 && last!.chunk === '') {
      socket._write(chunk, encoding, done);
    } else {
      gather(parts, done);
    }
  };
}
