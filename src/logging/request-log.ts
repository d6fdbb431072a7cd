import type { FastifyInstance } from 'fastify';
import type { Logger as PinoLogger } from 'pino';

/** One line for every request. Of the URL only the path: a query may carry a one-time token. */
export function logRequests(server: FastifyInstance, logger: PinoLogger): void {
  server.addHook('onResponse', (request, reply, done) => {
    logger.info(
      {
        requestId: request.id,
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      },
      'request',
    );
    done();
  });
}
