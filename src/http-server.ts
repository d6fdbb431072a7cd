import type { IncomingMessage } from 'node:http';
import cors from '@fastify/cors';
import { NotFoundException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger as PinoLogger } from 'pino';
import { answerInBursts } from './answer-burst.js';
import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { drainGently } from './draining.js';
import { FailureFilter } from './dialects/failure.filter.js';
import { isUnreadable, readableUrl } from './dialects/request-url.js';
import { BODY_LIMIT_BYTES, acceptJsonOnly } from './dialects/json-body.js';
import { ROUTER_OPTIONS, RouteTable } from './dialects/route-table.js';
import { canonicalUrl } from './dialects/rpc.dialect.js';
import { refuseUnreadable } from './dialects/unreadable-request.js';
import { InvalidRequest } from './errors/request.errors.js';
import type { LineBuffer } from './logging/line-buffer.js';
import { NestLogger } from './logging/logger.js';
import { logRequests } from './logging/request-log.js';
import { serveDevMail } from './mailer/dev/dev-mail.js';
import { securityHeaders } from './security-headers.js';
import { serveDocumentation } from './openapi/documentation.js';
import { Metrics } from './operations/metrics.js';
import { requestId } from './request-id.js';

/** The whole of a request must have arrived by then. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The server, ready to listen; for `server.ts` and the tests alike.
 *
 * @param logged where the logger writes, and a line for each request goes
 */
export async function createServer(
  configuration: Configuration,
  logger: PinoLogger,
  logged: LineBuffer,
): Promise<NestFastifyApplication> {
  const { trustProxyHops } = configuration;
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: trustProxyHops > 0 && ((_address: string, hop: number) => hop < trustProxyHops),
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl: ({ url = '/' }) => canonicalUrl(readableUrl(url)),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, configuration),
    genReqId: (request: IncomingMessage) => requestId(request.headers['x-request-id']),
    forceCloseConnections: 'idle',
    skipMiddie: true,
    return503OnClosing: false, // What comes on open connections while we close is served like anything else.
  });
  const routes = new RouteTable();
  const server = adapter.getInstance<FastifyInstance>();
  routes.watch(server);

  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(configuration), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  app.useGlobalFilters(new FailureFilter(configuration, routes));

  answerInBursts(server.server);
  acceptJsonOnly(server);
  await protect(server, configuration);
  drainGently(server);
  refuseBeforeTheBody(server);
  app.get(Metrics).watch(server);
  logRequests(server, logger, logged);
  await serveDocumentation(server);
  serveDevMail(server, configuration);
  return app;
}

/** A URL that leads nowhere is refused as that, whatever body comes with it. */
function refuseBeforeTheBody(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (isUnreadable(request.originalUrl)) {
      done(new InvalidRequest([{ field: 'path', message: 'path must be percent-encoded UTF-8 without NUL' }]));
    } else {
      done(request.is404 ? new NotFoundException() : undefined);
    }
  });
}

async function protect(server: FastifyInstance, configuration: Configuration): Promise<void> {
  // First of all, preflights included: a page has a policy of its own in place of ours, and a file may be kept.
  const fixedHeaders = { ...securityHeaders(configuration), 'cache-control': 'no-store' };
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(fixedHeaders).header('x-request-id', request.id);
    done();
  });
  if (configuration.corsOrigins.length > 0) {
    // No cookies: a page of another origin shows a credential in a header.
    await server.register(cors, {
      origin: configuration.corsOrigins,
      credentials: false,
      strictPreflight: false, // What is no preflight is refused like any other wrong method.
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      exposedHeaders: ['X-Request-Id', 'X-Credits-Cost', 'X-Credits-Remaining', 'Retry-After'],
    });
  }
}
