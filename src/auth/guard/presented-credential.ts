import { parse } from 'cookie';
import type { FastifyRequest } from 'fastify';
import type { CredentialKind } from '../../route-policy/principal.js';
import { NotAuthenticated } from '../../errors/request.errors.js';
import { AmbiguousCredentials } from '../auth.errors.js';

export const SESSION_COOKIE = 'session';

/** A credential as text, where it was found, and which kinds are taken from there. */
export interface PresentedText {
  text: string;
  carrier: 'header' | 'cookie';
  accepts: CredentialKind | undefined;
}

/**
 * The one credential of a request; undefined when there is none. A header beats the cookie, and a header that is there
 * but of no use is never passed over in favour of something else.
 *
 * @throws AmbiguousCredentials for two different ones in headers, or a header sent twice
 * @throws NotAuthenticated for an Authorization header that holds no credential of ours
 */
export function presentedText(request: FastifyRequest): PresentedText | undefined {
  const authorization = authorizationOf(request);
  const apiKey = headerOf(request, 'x-api-key');
  const sessionToken = headerOf(request, 'x-session-token');
  const text = authorization ?? apiKey ?? sessionToken;
  if (text === undefined) {
    return sessionCookieOf(request);
  }
  if ((apiKey ?? text) !== text || (sessionToken ?? text) !== text) {
    throw new AmbiguousCredentials();
  }
  return { text, carrier: 'header', accepts: sessionToken === undefined ? undefined : 'session' };
}

/** The session that a browser sends along, good or not. */
export function sessionCookieOf(request: FastifyRequest): PresentedText | undefined {
  const text = parse(request.headers.cookie ?? '')[SESSION_COOKIE];
  return text ? { text, carrier: 'cookie', accepts: 'session' } : undefined;
}

function authorizationOf(request: FastifyRequest): string | undefined {
  const value = headerOf(request, 'authorization');
  if (value === undefined) {
    return undefined;
  }
  const [, text] = /^(?:bearer|token) +(\S+)$/i.exec(value) ?? [];
  if (text === undefined) {
    throw new NotAuthenticated();
  }
  return text;
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined) {
    return undefined;
  }
  // Node joins repeated headers, or drops all but the first; only the raw list tells.
  const { rawHeaders } = request.raw;
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]!;
    count += header.length === name.length && header.toLowerCase() === name ? 1 : 0;
  }
  if (count > 1) {
    throw new AmbiguousCredentials();
  }
  return String(value).trim();
}
