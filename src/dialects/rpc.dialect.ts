import { STATUS_CODES } from 'node:http';
import type { Dialect } from './dialect.js';

/**
 * `POST /v1/<service>/<Endpoint>`: bare JSON; a failure is `{id, code, detail, status}`, its detail in lower case. A name
 * that is taken and a body that is too large are bad input like any other here.
 */
export const rpcDialect = {
  name: 'rpc',
  pathPrefix: '/v1/',
  failureType: 'application/json; charset=utf-8',
  statusInstead: { 409: 400, 413: 400 },
  success: (result: unknown) => result ?? {},
  failure: ({ status, code, message, fields }) => {
    const detail = fields ? fields.map((problem) => problem.message).join('; ') : message;
    return {
      id: code,
      code: status,
      detail: status === 404 ? 'not found' : detail.toLowerCase(),
      status: STATUS_CODES[status],
    };
  },
} satisfies Dialect;

/** Times of this dialect: Unix seconds as a decimal string, as 64-bit integers are written; `"0"` for never. */
export function unixSeconds(time: Date | null): string {
  return String(Math.floor((time?.getTime() ?? 0) / 1000));
}

const CALL = /^\/v1\/(?:user|auth)\/([A-Za-z])/;

/** `/v1/auth/login` is `/v1/user/Login`: the service has two names, and a call begins with a letter of either case. */
export function canonicalUrl(url: string): string {
  return url.startsWith('/v1/') ? url.replace(CALL, (_, first: string) => `/v1/user/${first.toUpperCase()}`) : url;
}
