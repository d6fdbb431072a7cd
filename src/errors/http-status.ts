import type { ErrorKind } from './domain-error.js';

const HTTP_STATUS = {
  invalid: 400,
  unauthenticated: 401,
  out_of_credits: 402,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

/** The HTTP status of a refusal, in every dialect. */
export function httpStatusOf(kind: ErrorKind): number {
  return HTTP_STATUS[kind];
}
