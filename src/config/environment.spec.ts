import { join } from 'node:path';
import { ConfigurationError, readEnvironment } from './environment.js';

const KEY = 'k'.repeat(32);

function problemsOf(variables: NodeJS.ProcessEnv): string[] {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 3000,
  publicUrl: 'http://127.0.0.1:3000',
  databaseUrl: undefined,
  dataDir: join(process.cwd(), '.data'),
  secretKeys: undefined,
  adminEmail: 'admin@example.com',
  adminPassword: undefined,
  isSignUpOpen: true,
  smtpUrl: undefined,
  mailFrom: { name: '', address: 'no-reply@localhost' },
  creditsPerPeriod: 10_000,
  bcryptCost: 12,
  sessionTtlSeconds: 604_800,
  corsOrigins: [],
  trustProxyHops: 0,
  envelopeHttpStatus: 'as-code',
  isRateLimited: true,
  workers: 1,
  logLevel: 'info',
};

/** One that each variable takes, and what comes of it. */
const ACCEPTED: [string, string, object][] = [
  ['HOST', '::1', { host: '::1', publicUrl: 'http://[::1]:3000' }],
  ['HOST', '0.0.0.0', { host: '0.0.0.0', publicUrl: 'http://localhost:3000' }],
  ['PORT', '8080', { port: 8080, publicUrl: 'http://127.0.0.1:8080' }],
  ['PORT', ' 0 ', { port: 0, publicUrl: 'http://127.0.0.1:0' }],
  [
    'PUBLIC_URL',
    'https://example.com/tollgate//',
    { publicUrl: 'https://example.com/tollgate', mailFrom: { name: '', address: 'no-reply@example.com' } },
  ],
  ['DATA_DIR', '/var/lib/tollgate', { dataDir: '/var/lib/tollgate' }],
  ['SECRET_KEY', `${KEY}, ${KEY}2`, { secretKeys: [KEY, `${KEY}2`] }],
  ['ADMIN_EMAIL', 'root@example.org', { adminEmail: 'root@example.org' }],
  ['ADMIN_PASSWORD', ' 8 chars', { adminPassword: ' 8 chars' }],
  ['SIGNUP', 'closed', { isSignUpOpen: false }],
  ['SMTP_URL', 'smtp://user:p%40ss@mail.example.com:587', { smtpUrl: 'smtp://user:p%40ss@mail.example.com:587' }],
  ['SMTP_URL', 'smtps://mail.example.com', { smtpUrl: 'smtps://mail.example.com' }],
  ['MAIL_FROM', 'hello@example.com', { mailFrom: { name: '', address: 'hello@example.com' } }],
  ['MAIL_FROM', 'Some Name <hello@example.com>', { mailFrom: { name: 'Some Name', address: 'hello@example.com' } }],
  ['MAIL_FROM', '"Name, Some" <hello@mailhost>', { mailFrom: { name: 'Name, Some', address: 'hello@mailhost' } }],
  ['CREDITS_PER_PERIOD', '0', { creditsPerPeriod: 0 }],
  ['BCRYPT_COST', '4', { bcryptCost: 4 }],
  ['SESSION_TTL_SECONDS', '60', { sessionTtlSeconds: 60 }],
  [
    'CORS_ORIGINS',
    'https://a.example/, http://b.example:81,',
    { corsOrigins: ['https://a.example', 'http://b.example:81'] },
  ],
  ['TRUST_PROXY', '2', { trustProxyHops: 2 }],
  ['ENVELOPE_HTTP_STATUS', 'always-200', { envelopeHttpStatus: 'always-200' }],
  ['RATE_LIMITS', 'off', { isRateLimited: false }],
  ['WEB_CONCURRENCY', '64', { workers: 64 }],
  ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
];

const REFUSED: [string, string][] = [
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '3e3'],
  ['PORT', '0x50'],
  ['PUBLIC_URL', 'example.com'],
  ['PUBLIC_URL', 'ftp://example.com'],
  ['PUBLIC_URL', 'https://user:pw@example.com'],
  ['PUBLIC_URL', 'https://example.com/?a=b'],
  ['PUBLIC_URL', 'https://example.com/#a'],
  ['DATABASE_URL', 'mysql://localhost/tollgate'],
  ['DATABASE_URL', 'localhost:5432'],
  ['SECRET_KEY', 'k'.repeat(31)],
  ['SECRET_KEY', `${KEY},short`],
  ['SMTP_URL', 'http://mail.example.com'],
  ['SMTP_URL', 'mail.example.com:25'],
  ['SMTP_URL', 'smtp://mail.example.com:99999'],
  ['MAIL_FROM', 'hello'],
  ['MAIL_FROM', 'Some Name hello@example.com'],
  ['MAIL_FROM', 'a@example.com, b@example.com'],
  ['MAIL_FROM', 'Some <hello@example.com'],
  ['ADMIN_EMAIL', 'admin'],
  ['ADMIN_EMAIL', 'admin@localhost'],
  ['ADMIN_PASSWORD', 'seven77'],
  ['ADMIN_PASSWORD', 'x'.repeat(257)],
  ['SIGNUP', 'OPEN'],
  ['CREDITS_PER_PERIOD', '-1'],
  ['CREDITS_PER_PERIOD', '9007199254740992'],
  ['CREDITS_PER_PERIOD', '1.5'],
  ['BCRYPT_COST', '3'],
  ['BCRYPT_COST', '19'],
  ['SESSION_TTL_SECONDS', '0'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://a.example,null'],
  ['TRUST_PROXY', 'true'],
  ['ENVELOPE_HTTP_STATUS', '200'],
  ['RATE_LIMITS', 'no'],
  ['WEB_CONCURRENCY', '0'],
  ['WEB_CONCURRENCY', '65'],
  ['WEB_CONCURRENCY', 'auto'],
  ['LOG_LEVEL', 'verbose'],
];

it('has a default for everything', () => {
  expect(readEnvironment({})).toEqual(DEFAULTS);
});

it('takes an empty variable as one that is not set', () => {
  const names = [...new Set(ACCEPTED.map(([name]) => name)), 'DATABASE_URL'];
  expect(readEnvironment(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(DEFAULTS);
});

it.each(ACCEPTED)('takes %s=%j', (name, value, expected) => {
  expect(readEnvironment({ [name]: value })).toEqual({ ...DEFAULTS, ...expected });
});

it.each(REFUSED)('checklist 68: refuses %s=%j and names it', (name, value) => {
  const problems = problemsOf({ SECRET_KEY: KEY, [name]: value });
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
});

it('reports every problem at once', () => {
  const variables = Object.fromEntries(REFUSED);
  const problems = problemsOf(variables);
  expect(problems.map((problem) => problem.split(' ', 1)[0]).sort()).toEqual(Object.keys(variables).sort());
});

it.each([undefined, '', ' ', ',', ' , '])('refuses a database without a key of its own, be it %j', (key) => {
  expect(problemsOf({ DATABASE_URL: 'postgres://localhost/tollgate', SECRET_KEY: key })).toEqual([
    expect.stringContaining('SECRET_KEY must be set'),
  ]);
});

it('takes a database with a key', () => {
  const databaseUrl = 'postgresql://someone@localhost/tollgate';
  const environment = readEnvironment({ DATABASE_URL: databaseUrl, SECRET_KEY: KEY });
  expect(environment).toEqual({ ...DEFAULTS, databaseUrl, secretKeys: [KEY] });
});

it('checklist 31: repeats no secret', () => {
  const problems = problemsOf({
    DATABASE_URL: 'mysql://someone:canary@localhost',
    PUBLIC_URL: 'https://someone:canary@example.com',
    SECRET_KEY: 'canary',
    ADMIN_PASSWORD: 'canary',
  });
  expect(problems).toHaveLength(4);
  expect(problems.join()).not.toContain('canary');
});
