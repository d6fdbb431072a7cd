import { parseArgs } from 'node:util';

/** The command line cannot be used; said in words for whoever typed it. */
export class UnusableOptions extends Error {}

/** Only help is wanted. */
export class HelpWanted extends Error {}

export interface Options {
  /** Names of rows; none: all of them. */
  rows: string[];
  launches: number;
  rounds: number;
  seconds: number;
  users: number;
  large: number;
  connections: number;
  logins: number;
  /** Whether the table goes into `docs/performance.md`: when it is whole, and measured with the usual effort. */
  isForTheDocument: boolean;
  against?: {
    url: string;
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
    rate?: number;
  };
}

export const USAGE = `npm run bench                          everything; writes docs/performance.md
npm run bench -- me read               some rows only
npm run bench -- --against URL         any other server, under the same load, beside bare Fastify

  --launches N      how often servers are started anew (3)
  --rounds N        rounds for each launch (3)
  --seconds N       for each round and side (4)
  --users N         different users whose credentials take turns (10,000)
  --large N         people in the large database (1,000,000)
  --connections N   clients at once (64)
  --logins N        clients that log in at once (32)

  --path PATH       with --against: what is asked (/)
  --method METHOD   (GET)
  --header 'N: V'   as often as needed
  --body TEXT       sent as JSON
  --rate N          requests per second, instead of as many as are answered
`;

/** Logins: more than are hashed at once on most machines, fewer than may wait. */
export const DEFAULTS = {
  launches: 3,
  rounds: 3,
  seconds: 4,
  users: 10_000,
  large: 1_000_000,
  connections: 64,
  logins: 32,
};

/** @throws UnusableOptions, HelpWanted */
export function readOptions(argv: string[], rowNames: string[]): Options {
  const { values, positionals } = parse(argv);
  if (values.help) {
    throw new HelpWanted();
  }
  const unknown = positionals.filter((name) => !rowNames.includes(name));
  if (unknown.length > 0) {
    throw new UnusableOptions(`There is no row ${unknown.join(', ')}. There are: ${rowNames.join(', ')}.`);
  }
  const ofAgainst = (['path', 'method', 'header', 'body', 'rate'] as const).find((name) => values[name]);
  if (ofAgainst && values.against === undefined) {
    throw new UnusableOptions(`--${ofAgainst} is of use with --against only.`);
  }
  const number = (name: keyof typeof DEFAULTS | 'rate', min: number) => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value < min) {
      throw new UnusableOptions(`--${name} must be a number from ${min}.`);
    }
    return name === 'seconds' || name === 'rate' ? value : Math.floor(value);
  };
  const effort = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];
  return {
    rows: positionals,
    launches: values.launches === undefined ? DEFAULTS.launches : number('launches', 1),
    rounds: values.rounds === undefined ? DEFAULTS.rounds : number('rounds', 1),
    seconds: values.seconds === undefined ? DEFAULTS.seconds : number('seconds', 0.1),
    users: values.users === undefined ? DEFAULTS.users : number('users', 1),
    large: values.large === undefined ? DEFAULTS.large : number('large', 1),
    connections: values.connections === undefined ? DEFAULTS.connections : number('connections', 1),
    logins: values.logins === undefined ? DEFAULTS.logins : number('logins', 1),
    isForTheDocument:
      values.against === undefined && positionals.length === 0 && effort.every((name) => values[name] === undefined),
    ...(values.against === undefined
      ? {}
      : {
          against: {
            url: urlFrom(values.against),
            method: values.method ?? 'GET',
            path: values.path ?? '/',
            headers: Object.fromEntries((values.header ?? []).map(headerFrom)),
            ...(values.body === undefined ? {} : { body: values.body }),
            ...(values.rate === undefined ? {} : { rate: number('rate', 0.1) }),
          },
        }),
  };
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        launches: text,
        rounds: text,
        seconds: text,
        users: text,
        large: text,
        against: text,
        path: text,
        method: text,
        header: { type: 'string', multiple: true },
        body: text,
        connections: text,
        logins: text,
        rate: text,
      },
    });
  } catch (error) {
    throw new UnusableOptions((error as Error).message);
  }
}

function urlFrom(text: string): string {
  if (!URL.canParse(text) || !text.startsWith('http://')) {
    throw new UnusableOptions('--against must be a URL that begins with http://.');
  }
  return new URL(text).origin;
}

function headerFrom(text: string): [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UnusableOptions(`--header must be like 'Name: value', not "${text}".`);
  }
  return [name.toLowerCase(), value];
}
