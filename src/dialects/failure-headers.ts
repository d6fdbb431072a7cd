import type { DomainError } from '../errors/domain-error.js';

/** The headers that go with a refusal, in every dialect. */
export function failureHeaders({ kind, allowedMethods, retryAfterSeconds }: DomainError): Record<string, string> {
  return {
    ...(kind === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(kind === 'method_not_allowed' ? { Allow: (allowedMethods ?? []).join(', ') } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  };
}
