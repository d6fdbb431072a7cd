import { serialize } from 'cookie';
import type { FastifyReply } from 'fastify';
import type { Configuration } from '../../config/configuration.js';
import { SESSION_COOKIE } from '../guard/presented-credential.js';

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
