import { serialize } from 'cookie';
import type { FastifyReply } from 'fastify';
import type { Configuration } from '../../config/configuration.js';
import { SESSION_COOKIE } from '../guard/presented-credential.js';

/** What the OpenAPI document says of answers that set the cookie. */
export const SETS_SESSION_COOKIE = {
  'Set-Cookie': {
    description: 'The session, for browsers. `Secure` too when the server is reached by https.',
    schema: { type: 'string', example: 'session=tgs9a8b7c6d5e4f…; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax' },
  },
} as const;

/** What the OpenAPI document says of answers that take the cookie away. */
export const CLEARS_SESSION_COOKIE = {
  'Set-Cookie': {
    description: 'Takes the session cookie away from browsers.',
    schema: { type: 'string', example: 'session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax' },
  },
} as const;

/** Gives a browser its session: out of reach of scripts, not sent along from other sites, and never over plain HTTP behind https. */
export function setSessionCookie(reply: FastifyReply, text: string, configuration: Configuration): void {
  writeCookie(reply, text, configuration.sessionTtlSeconds, configuration);
}

export function clearSessionCookie(reply: FastifyReply, configuration: Configuration): void {
  writeCookie(reply, '', 0, configuration);
}

function writeCookie(reply: FastifyReply, value: string, maxAge: number, { publicUrl }: Configuration): void {
  const secure = publicUrl.startsWith('https:') || reply.request.protocol === 'https';
  reply.header(
    'set-cookie',
    serialize(SESSION_COOKIE, value, { httpOnly: true, sameSite: 'lax', path: '/', maxAge, secure }),
  );
}
