import { STATUS_CODES } from 'node:http';
import type { Dialect } from './dialect.js';

/** Everything else: plain JSON; a failure is a problem document (RFC 9457) with the keys that older clients read. */
export const restDialect: Dialect = {
  name: 'rest',
  pathPrefix: '/',
  failureType: 'application/problem+json; charset=utf-8',
  failure: ({ status, code, message, fields }) => ({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: message,
    code,
    message,
    error: STATUS_CODES[status],
    ...(fields ? { fields } : {}),
  }),
};
