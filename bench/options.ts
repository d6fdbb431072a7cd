import { parseArgs } from 'node:util';
import { otherServer, type OtherServer } from './other-server.js';
import { UnusableOptions } from './unusable-options.js';

/** Only help is wanted. */
export class HelpWanted extends Error {}

export interface Options extends Record<NumberName, number> {
  /** Names of rows; none: all of them. */
  rows: string[];
  /** Whether the table goes into `docs/performance.md`: when it is whole, and measured with the usual effort. */
  isForTheDocument: boolean;
  /** Instead of rows, where the time goes. */
  isProfile: boolean;
  /** Instead of rows, another server; the rate in requests per second, unset: as many as are answered. */
  against?: { server: OtherServer; rate?: number };
}

export const USAGE = `npm run bench                          everything; writes docs/performance.md
npm run bench -- me read               some rows only
npm run bench -- --against URL         any other server, under the same load, beside bare Fastify
npm run bench -- --profile             where the time of the server goes in GET /api/users/me/

  --launches N        how often servers are started anew (3)
  --rounds N          rounds for each launch (3)
  --seconds N         for each round and side (4)
  --connections N     clients at once (64)

  --users N           different users whose credentials take turns (10,000)
  --large N           people in the large database (1,000,000)
  --logins N          clients that log in at once (32)

  with --against:
  --method METHOD     (GET)
  --header 'N: V'     as often as needed; {credential} in V stands for a line of the file
  --credentials FILE  with one credential on each line, which take turns
  --body TEXT         sent as JSON
  --rate N            requests per second, instead of as many as are answered
`;

/** What takes a number, and as how much it counts when it is not given. */
export const USUAL = {
  launches: 3,
  rounds: 3,
  seconds: 4,
  connections: 64,
  users: 10_000,
  large: 1_000_000,
  /** More than are hashed at once on most machines, fewer than may wait. */
  logins: 32,
};
type NumberName = keyof typeof USUAL;
const NUMBER_NAMES = Object.keys(USUAL) as NumberName[];

/** Options that would be ignored. */
const USELESS_WITH = {
  against: ['profile', 'users', 'large', 'logins'],
  profile: ['launches', 'rounds', 'large', 'logins'],
} as const;
const ONLY_OF_AGAINST = ['method', 'header', 'credentials', 'body', 'rate'] as const;

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
  for (const instead of ['against', 'profile'] as const) {
    if (values[instead] !== undefined) {
      refuseUseless(instead, values, positionals);
    }
  }
  const against = values.against === undefined ? undefined : readAgainst(values.against, values);
  const useless = against ? undefined : ONLY_OF_AGAINST.find((name) => values[name] !== undefined);
  if (useless) {
    throw new UnusableOptions(`--${useless} is of use with --against only.`);
  }
  const numbers = NUMBER_NAMES.map((name): [NumberName, number] => [name, numberFrom(values, name) ?? USUAL[name]]);
  return {
    ...(Object.fromEntries(numbers) as Record<NumberName, number>),
    rows: positionals,
    isProfile: values.profile ?? false,
    isForTheDocument:
      !against &&
      !values.profile &&
      positionals.length === 0 &&
      NUMBER_NAMES.every((name) => values[name] === undefined),
    ...(against ? { against } : {}),
  };
}

type Values = ReturnType<typeof parse>['values'];

function refuseUseless(instead: keyof typeof USELESS_WITH, values: Values, rows: string[]): void {
  const useless = USELESS_WITH[instead].find((name) => values[name] !== undefined);
  if (useless) {
    throw new UnusableOptions(`--${useless} is of no use with --${instead}.`);
  }
  if (rows.length > 0) {
    throw new UnusableOptions(`--${instead} measures no rows: leave out ${rows.join(', ')}, or --${instead}.`);
  }
}

function readAgainst(url: string, values: Values): NonNullable<Options['against']> {
  const { method = 'GET', header = [], body, credentials } = values;
  const rate = numberFrom(values, 'rate');
  return {
    server: otherServer({ url, method, headers: header, body, credentials }),
    ...(rate === undefined ? {} : { rate }),
  };
}

/** Unset when it is not given. */
function numberFrom(values: Values, name: NumberName | 'rate'): number | undefined {
  if (values[name] === undefined) {
    return undefined;
  }
  const isWhole = name !== 'seconds' && name !== 'rate';
  const least = isWhole ? 1 : 0.1;
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value < least) {
    throw new UnusableOptions(`--${name} must be a number from ${least}.`);
  }
  return isWhole ? Math.floor(value) : value;
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
        connections: text,
        users: text,
        large: text,
        logins: text,
        profile: { type: 'boolean' },
        against: text,
        method: text,
        header: { type: 'string', multiple: true },
        credentials: text,
        body: text,
        rate: text,
      },
    });
  } catch (error) {
    throw new UnusableOptions((error as Error).message);
  }
}
