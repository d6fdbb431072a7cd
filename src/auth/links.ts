import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidRequest } from '../errors/request.errors.js';
import type { DerivedKey } from '../secret-keys/secret-keys.js';

/**
 * The links that mails carry. What a caller may choose of them is kept to its place, so that a link leads where it says,
 * and nothing is taken from the request that asked for it but these choices.
 */

/** Where somebody is sent who followed a verification link. */
export interface RedirectUrls {
  redirectUrl?: string | undefined;
  failureRedirectUrl?: string | undefined;
}

export const VERIFY_EMAIL_PATH = '/v1/user/VerifyEmail';

const URL_LENGTH_MAX = 2_048;
/** Neither of these is a part of a name or path that a browser would leave as it is. */
const HOST = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}.-]*(:\d{1,5})?$/u;
const PATH = /^\/?[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*\/?$/;
/** A scheme, and a host with nothing in front of it. */
const WEB_URL = /^https?:\/\/[^\s/?#@\\]+([/?#]|$)/i;
const PRINTABLE_ASCII = /^[!-~]+$/;

/**
 * Makes `https://<address>/<endpoint>/<token>`.
 *
 * @throws InvalidRequest when the address is more than a host, or the endpoint more than a path
 */
export function magicLinks(address: string, endpoint: string): (token: string) => string {
  const host = HOST.test(address) ? parsed(`https://${address}`)?.host : undefined;
  if (host === undefined) {
    throw refusal('address', 'must be a host, with a port if need be, such as www.example.com');
  }
  const segments = endpoint.split('/').filter(Boolean);
  if (!PATH.test(endpoint) || segments.some((segment) => segment === '.' || segment === '..')) {
    throw refusal('endpoint', 'must be a path of letters, digits, dots, hyphens, underscores and tildes');
  }
  return (token) => `https://${[host, ...segments, token].join('/')}`;
}

/**
 * A URL that somebody may be sent to: as it was given, or as a browser will read it if it is not plain ASCII.
 *
 * @param field what the request calls it
 * @throws InvalidRequest unless it is an http or https URL without a user
 */
export function redirectTarget(field: string, text: string): string {
  const url = WEB_URL.test(text) && !/[\p{Cc}\\]/u.test(text) && text.isWellFormed() ? parsed(text) : undefined;
  if (url === undefined) {
    throw refusal(field, 'must be a URL that begins with http:// or https://, without a user name');
  }
  const target = PRINTABLE_ASCII.test(text) ? text : url.href;
  if (target.length > URL_LENGTH_MAX) {
    throw refusal(field, `must not be longer than ${URL_LENGTH_MAX} characters`);
  }
  return target;
}

/** The URLs are signed, and the token is not: one that is bad leads to where the signed URLs say. */
export function verificationLink(publicUrl: string, token: string, urls: RedirectUrls, key: DerivedKey): string {
  const query = new URLSearchParams({ token });
  if (urls.redirectUrl !== undefined) {
    query.set('redirectUrl', urls.redirectUrl);
  }
  if (urls.failureRedirectUrl !== undefined) {
    query.set('failureRedirectUrl', urls.failureRedirectUrl);
  }
  query.set('sig', signature(urls, key));
  return `${publicUrl}${VERIFY_EMAIL_PATH}?${query.toString()}`;
}

/** Whether these are the URLs of a link that was made with one of the keys. */
export function areUntouched(urls: RedirectUrls, sig: string, keys: readonly DerivedKey[]): boolean {
  const presented = Buffer.from(sig);
  return keys.some((key) => {
    const expected = Buffer.from(signature(urls, key));
    return expected.length === presented.length && timingSafeEqual(expected, presented);
  });
}

function signature({ redirectUrl, failureRedirectUrl }: RedirectUrls, key: DerivedKey): string {
  const signed = JSON.stringify(['verification', redirectUrl ?? null, failureRedirectUrl ?? null]);
  return createHmac('sha256', key.bytes).update(signed).digest('base64url');
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function refusal(field: string, problem: string): InvalidRequest {
  return new InvalidRequest([{ field, message: `${field} ${problem}` }]);
}
