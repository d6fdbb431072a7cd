import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser says that a request comes from a page of this very server: by `Sec-Fetch-Site`, or by `Origin`
 * where the browser is too old for that. A page cannot set either, nor Host. Silence is not consent.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const fetchSite = headers['sec-fetch-site'];
  if (fetchSite !== undefined) {
    return fetchSite === 'same-origin';
  }
  const { origin } = headers;
  if (origin === undefined || !URL.canParse(origin)) {
    return false;
  }
  return origin === new URL(publicUrl).origin || new URL(origin).host === headers.host;
}
