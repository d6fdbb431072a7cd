import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import { NotFoundException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger as PinoLogger } from 'pino';
import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { DialectInterceptor } from './dialects/dialect.interceptor.js';
import { FailureFilter } from './dialects/failure.filter.js';
import { RequestPipe } from './dialects/request.pipe.js';
import { isUnreadable, readableUrl } from './dialects/request-url.js';
import { ROUTER_OPTIONS, RouteTable } from './dialects/route-table.js';
import { refuseUnreadable } from './dialects/unreadable-request.js';
import { InvalidRequest, MalformedBody, UnsupportedMediaType } from './errors/request.errors.js';
import { NestLogger } from './logging/logger.js';
import { logRequests } from './logging/request-log.js';
import { serveDocumentation } from './openapi/documentation.js';
import { Metrics } from './operations/metrics.js';

const BODY_LIMIT_BYTES = 256 * 1024;
/** The whole of a request must have arrived by then. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The server, ready to listen; for `main.ts` and the tests alike. */
export async function createServer(configuration: Configuration, logger: PinoLogger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: (_address: string, hop: number) => hop < configuration.trustProxyHops,
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl: ({ url = '/' }) => readableUrl(url),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, configuration),
    genReqId: (request: IncomingMessage) => requestId(request.headers['x-request-id']),
    forceCloseConnections: 'idle',
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
  app.useGlobalInterceptors(new DialectInterceptor());
  app.useGlobalPipes(new RequestPipe());

  acceptJsonOnly(server);
  await protect(server, configuration);
  refuseBeforeTheBody(server);
  app.get(Metrics).watch(server);
  logRequests(server, logger);
  await serveDocumentation(server);
  return app;
}

/** The caller's own id if it is harmless, so that a request can be followed across services. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomBytes(12).toString('hex');
}

function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const charset = /;\s*charset="?([^;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset.trim())) {
      done(new UnsupportedMediaType());
    } else if (!isUtf8(body)) {
      done(new MalformedBody('The body is not valid UTF-8.'));
    } else if (body.length === 0) {
      done(null, undefined);
    } else if (isNestedTooDeeply(body)) {
      done(new MalformedBody('The body is nested too deeply.'));
    } else {
      const text = body.toString('utf8').replace(/^\uFEFF/, '');
      // The parser calls back before it returns.
      void parse(request, text, (error, value) =>
        error ? done(new MalformedBody(jsonProblem(text), { cause: error })) : done(null, value),
      );
    }
  });
  // Some clients name a type for a body that they do not send; PHP's says so in chunks, of which there are none.
  server.addContentTypeParser('*', (_request, payload, done) => {
    const chunk = () => settle(new UnsupportedMediaType());
    const end = () => settle(null);
    const error = (cause: Error) => settle(new MalformedBody('The body was cut off.', { cause }));
    const settle = (refusal: Error | null) => {
      payload.off('data', chunk).off('end', end).off('error', error).resume();
      done(refusal);
    };
    payload.on('data', chunk).on('end', end).on('error', error);
  });
}

const NESTING_MAX = 32;
const [BRACE_OPEN, BRACE_CLOSE, BRACKET_OPEN, BRACKET_CLOSE, QUOTE, BACKSLASH] = Buffer.from('{}[]"\\');

/** Checked on the bytes, because what comes after the parser is recursive. */
function isNestedTooDeeply(body: Buffer): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (isInString) {
      if (byte === BACKSLASH) {
        i++;
      } else if (byte === QUOTE) {
        isInString = false;
      }
    } else if (byte === QUOTE) {
      isInString = true;
    } else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      if (++depth > NESTING_MAX) {
        return true;
      }
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      depth--;
    }
  }
  return false;
}

/** What is wrong and where, without the piece of the body that the parser quotes: that may be a password. */
function jsonProblem(text: string): string {
  try {
    JSON.parse(text);
    return 'The body must not have a key named __proto__, or constructor with a prototype.';
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    return position === undefined
      ? 'The body is not valid JSON.'
      : `The body is not valid JSON at position ${position}.`;
  }
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
  const isHttps = configuration.publicUrl.startsWith('https:');
  await server.register(helmet, {
    contentSecurityPolicy: {
      // What Swagger UI needs; the API itself answers no page.
      directives: {
        'default-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'style-src': ["'self'", "'unsafe-inline'"],
        'frame-ancestors': ["'none'"],
        'upgrade-insecure-requests': null,
      },
    },
    // Browsers ignore these over plain HTTP, and complain about two of them in the console.
    strictTransportSecurity: isHttps,
    crossOriginOpenerPolicy: isHttps,
    originAgentCluster: isHttps,
  });
  if (configuration.corsOrigins.length > 0) {
    // No cookies: a page of another origin shows a credential in a header.
    await server.register(cors, {
      origin: configuration.corsOrigins,
      credentials: false,
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      exposedHeaders: ['X-Request-Id', 'Retry-After'],
    });
  }
  let isClosing = false;
  server.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  server.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id);
    if (isClosing) {
      // Otherwise a client that keeps its connection open would keep us from ending.
      reply.header('connection', 'close');
    }
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store');
    }
    done();
  });
}
