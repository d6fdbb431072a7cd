import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Configuration } from '../config/configuration.js';
import { dialectOf, failureStatus, type Refusal } from './dialect.js';
import { readableUrl } from './request-url.js';

/** What Node tells of a request that is no HTTP. */
interface UnreadableRequest extends Error {
  code?: string;
  /** What was read last; begins with the request unless that had begun earlier. */
  rawPacket?: unknown;
}

/** Answers what never becomes a request, because it is not HTTP, its head is too large, or it is too slow; then hangs up. */
export function refuseUnreadable(error: UnreadableRequest, socket: Socket, configuration: Configuration): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) {
    return;
  }
  const refusal = refusalOf(error);
  const dialect = dialectOf(readableUrl(urlOf(error)));
  const status = failureStatus(dialect, refusal.status, configuration);
  const body = JSON.stringify(dialect.failure(refusal));
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${dialect.failureType}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function urlOf({ rawPacket }: UnreadableRequest): string {
  const start = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1', 0, 256) : '';
  return /^[A-Z]+ (\/\S*)/.exec(start)?.[1] ?? '/';
}

function refusalOf({ code }: UnreadableRequest): Refusal {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'request.too_slow', message: 'The request did not arrive in time.' };
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'request.head_too_large', message: 'The URL and the headers are too long.' };
    default:
      return { status: 400, code: 'request.malformed_http', message: 'The request is not valid HTTP.' };
  }
}
