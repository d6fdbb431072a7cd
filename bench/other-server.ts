import { readFileSync } from 'node:fs';
import type { Address, Question } from './processes/ask.js';
import { UnusableOptions } from './unusable-options.js';

/** A server that is not ours, and what it is asked. */
export interface OtherServer {
  address: Address;
  /** Taken in turn: one for each credential, if there are some. */
  questions: Question[];
  /** What is asked, in words. */
  name: string;
}

/** Stands in a header for the credential whose turn it is. */
const PLACE = '{credential}';

/** @throws UnusableOptions */
export function otherServer(described: {
  url: string;
  method: string;
  /** Each like `Name: value`. */
  headers: string[];
  body: string | undefined;
  /** Of a file with one credential on each line. */
  credentials: string | undefined;
}): OtherServer {
  const { method, body } = described;
  if (method.toUpperCase() === 'HEAD') {
    throw new UnusableOptions('--method HEAD cannot be measured: its answers say how long a body is that never comes.');
  }
  const url = urlFrom(described.url);
  const path = url.pathname + url.search;
  const headers = { host: url.host, ...Object.fromEntries(described.headers.map(headerFrom)) };
  const hasPlace = Object.values(headers).some((value) => value.includes(PLACE));
  if (hasPlace !== (described.credentials !== undefined)) {
    throw new UnusableOptions(
      hasPlace ? `${PLACE} needs --credentials FILE.` : `--credentials needs a --header with ${PLACE} in it.`,
    );
  }
  const questionWith = (credential: string): Question => ({
    method,
    path,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replaceAll(PLACE, () => credential)]),
    ),
    ...(body === undefined ? {} : { body }),
  });
  return {
    // Brackets around an IPv6 address belong to the URL.
    address: { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 80) },
    questions:
      described.credentials === undefined ? [questionWith('')] : linesOf(described.credentials).map(questionWith),
    name: `${method} ${url.origin}${path}`,
  };
}

function urlFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') {
    throw new UnusableOptions('--against must be a URL that begins with http://.');
  }
  if (url.username || url.password) {
    throw new UnusableOptions('--against takes no user and password in the URL: send them in a --header.');
  }
  return url;
}

function headerFrom(text: string): [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UnusableOptions(`--header must be like 'Name: value', not "${text}".`);
  }
  return [name.toLowerCase(), value];
}

function linesOf(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnusableOptions(`--credentials cannot be read: ${(error as Error).message}.`);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const credentials = lines.filter((line) => line !== '');
  if (credentials.length === 0) {
    throw new UnusableOptions(`--credentials: there is none in ${file}.`);
  }
  return credentials;
}
