import type { FastifyInstance } from 'fastify';
import type { Logger as PinoLogger } from 'pino';
import { withoutQuery } from '../dialects/request-url.js';

/** Looks like a credential of ours. None belongs in a path; a client that puts one there must not find it in the log. */
const CREDENTIAL = /tg[aks][0-9A-Za-z]{44}/g;

/** One line for every request. Of the URL only the path: a query may carry a one-time token. */
export function logRequests(server: FastifyInstance, logger: PinoLogger): void {
  server.addHook('onResponse', (request, reply, done) => {
    logger.info(
      {
        requestId: request.id,
        method: request.method,
        path: withoutQuery(request.url).replace(CREDENTIAL, '[credential]'),
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      },
      'request',
    );
    done();
  });
}
