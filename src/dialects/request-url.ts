/**
 * A URL as the router can read it. An absolute one, as proxies send it, loses its origin. In a path that is not
 * percent-encoded UTF-8, or that holds a NUL, every `%` comes to stand for itself, so that the request finds its way to
 * a refusal like any other.
 */
export function readableUrl(url: string): string {
  const local = url.startsWith('/') || url === '*' ? url : url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const path = withoutQuery(local);
  return isReadable(path) ? local : path.replaceAll('%', '%25') + local.slice(path.length);
}

/** Whether the path of a URL, as it was sent, is one that nobody can read. */
export function isUnreadable(url: string): boolean {
  return !isReadable(withoutQuery(url));
}

/** The path of a readable URL, decoded as far as the router decodes it before it looks for a route. */
export function pathOf(url: string): string {
  const path = withoutQuery(url);
  return path.includes('%') ? decodeURI(path) : path;
}

/** What the router looks at. The rest may carry a one-time token. */
export function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function isReadable(path: string): boolean {
  try {
    return !path.includes('%') || !decodeURIComponent(path).includes('\0');
  } catch {
    return false;
  }
}
