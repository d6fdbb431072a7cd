import type { FastifyRequest } from 'fastify';
import type { SessionOrigin } from '../../tokens/tokens.service.js';

/** Where a login comes from, as its list of sessions will show it. */
export function sessionOrigin({ ip, headers }: FastifyRequest): SessionOrigin {
  return { address: ip, userAgent: headers['user-agent'] ?? null };
}
