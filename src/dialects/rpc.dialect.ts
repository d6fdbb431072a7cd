import { STATUS_CODES } from 'node:http';
import type { Dialect } from './dialect.js';

/** `POST /v1/<service>/<Endpoint>`: bare JSON; a failure is `{id, code, detail, status}`. */
export const rpcDialect: Dialect = {
  name: 'rpc',
  pathPrefix: '/v1/',
  failureType: 'application/json; charset=utf-8',
  successStatus: 200,
  success: (result) => result ?? {},
  failure: ({ status, code, message }) => ({ id: code, code: status, detail: message, status: STATUS_CODES[status] }),
};
