import type { FastifyInstance } from 'fastify';

/** How long the next request of a client that was just answered may be on its way. */
const NEXT_REQUEST_MS = 200;

/**
 * Closing a server fails no request: from then on answers end their connection, and a busy one is not cut off before it had
 * an answer that says so. What was idle all along is closed at once.
 */
export function drainGently(server: FastifyInstance): void {
  let isClosing = false;
  let answeredAt = -Infinity;
  server.addHook('preClose', (done) => {
    isClosing = true;
    setTimeout(done, answeredAt + NEXT_REQUEST_MS - performance.now());
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) {
      reply.header('connection', 'close');
    }
    done();
  });
  server.addHook('onResponse', (_request, _reply, done) => {
    answeredAt = performance.now();
    done();
  });
}
