import type { Dialect } from './dialect.js';

/** `POST /api/v1/…`: `{code, data, status}`, where status is 1 for a success and 0 for a failure. */
export const envelopeDialect = {
  name: 'envelope',
  pathPrefix: '/api/v1/',
  failureType: 'application/json; charset=utf-8',
  success: (result: unknown) => ({ code: 200, data: result, status: 1 }),
  failure: ({ status, message }) => ({ code: status, data: message, status: 0 }),
} satisfies Dialect;

/** Times of this dialect: ISO 8601, UTC, whole seconds, such as `2025-01-15T09:00:00Z`. */
export function wholeSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
