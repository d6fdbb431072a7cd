import type { FastifyInstance } from 'fastify';
import { pino, type Logger as PinoLogger } from 'pino';
import { withoutQuery } from '../dialects/request-url.js';
import type { LineBuffer } from './line-buffer.js';
import { timestamp } from './logger.js';

/** Looks like a credential of ours. None belongs in a path; a client that puts one there must not find it in the log. */
const CREDENTIAL = /tg[aks][0-9A-Za-z]{44}/g;

const START = `{"level":${pino.levels.values.info}`;
const PROCESS = `,"pid":${process.pid}`;

/** What a JSON text escapes, and some of what it does not. */
const SPECIAL = /["\\\u0000-\u001f\u007f-\uffff]/;

/** What is told of a request that was answered. */
export interface AnsweredRequest {
  requestId: string;
  method: string;
  path: string;
  status: number;
  /** From the arrival of its head to the end of the answer. */
  milliseconds: number;
  /** Undefined when the connection is gone. */
  address: string | undefined;
}

/**
 * One line for every request, past the logger: that takes as long for it as a credential does to be checked. Of the URL only
 * the path: a query may carry a one-time token.
 */
export function logRequests(server: FastifyInstance, logger: PinoLogger, output: LineBuffer): void {
  if (!logger.isLevelEnabled('info')) {
    return;
  }
  server.addHook('onResponse', (request, reply, done) => {
    const { ip: address } = request;
    const { elapsedTime } = reply;
    output.write(() =>
      requestLine({
        requestId: request.id,
        method: request.method,
        path: withoutQuery(request.url).replace(CREDENTIAL, '[credential]'),
        status: reply.statusCode,
        milliseconds: Math.round(elapsedTime * 10) / 10,
        address,
      }),
    );
    done();
  });
}

/** The line that pino writes for `info(request, 'request')`. */
export function requestLine({ requestId, method, path, status, milliseconds, address }: AnsweredRequest): string {
  const from = address === undefined ? '' : `"address":${quoted(address)},`;
  return (
    `${START}${timestamp()}${PROCESS},"requestId":${quoted(requestId)},"method":"${method}","path":${quoted(path)},` +
    `"status":${status},"milliseconds":${milliseconds},${from}"msg":"request"}\n`
  );
}

/** As JSON, which most texts are between quotes; `JSON.stringify` takes twice as long to find that out. */
function quoted(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}
