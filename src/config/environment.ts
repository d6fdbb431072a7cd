import { resolve } from 'node:path';
import { isEmail } from 'class-validator';
import { LOG_LEVELS, type Environment, type MailAddress } from './configuration.js';

/** The configuration cannot be used. One line per problem, all of them at once. */
export class ConfigurationError extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('\n'));
  }
}

export const SECRET_KEY_LENGTH_MIN = 32;

/**
 * Reads and validates the environment. Unset and empty are the same; every problem is reported at once.
 *
 * @throws ConfigurationError
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const problems: string[] = [];
  const read = new VariableReader(variables, problems);

  const host = read.text('HOST') ?? '127.0.0.1';
  const port = read.integer('PORT', { fallback: 3000, min: 0, max: 65_535 });
  const databaseUrl = read.url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const secretKeys = read.secretKeys('SECRET_KEY');
  if (read.text('DATABASE_URL') && !secretKeys) {
    problems.push(
      'SECRET_KEY must be set when DATABASE_URL is set: every process on that database needs the same key. ' +
        `Make one with: node -p "crypto.randomBytes(32).toString('hex')"`,
    );
  }

  const publicUrl = (read.baseUrl('PUBLIC_URL') ?? `http://${urlHost(host)}:${port}`).replace(/\/+$/, '');

  const environment: Environment = {
    host,
    port,
    publicUrl,
    databaseUrl,
    dataDir: resolve(read.text('DATA_DIR') ?? './.data'),
    secretKeys,
    adminEmail: read.email('ADMIN_EMAIL') ?? 'admin@example.com',
    adminPassword: read.password('ADMIN_PASSWORD'),
    isSignUpOpen: read.choice('SIGNUP', ['open', 'closed']) === 'open',
    smtpUrl: read.url('SMTP_URL', ['smtp:', 'smtps:']),
    mailFrom: read.mailAddress('MAIL_FROM') ?? { name: '', address: `no-reply@${mailDomain(publicUrl)}` },
    creditsPerPeriod: read.integer('CREDITS_PER_PERIOD', { fallback: 10_000, min: 0, max: Number.MAX_SAFE_INTEGER }),
    bcryptCost: read.integer('BCRYPT_COST', { fallback: 12, min: 4, max: 18 }),
    sessionTtlSeconds: read.integer('SESSION_TTL_SECONDS', { fallback: 604_800, min: 1, max: 31_536_000 }),
    corsOrigins: read.origins('CORS_ORIGINS'),
    trustProxyHops: read.integer('TRUST_PROXY', { fallback: 0, min: 0, max: 32 }),
    envelopeHttpStatus: read.choice('ENVELOPE_HTTP_STATUS', ['as-code', 'always-200']),
    isRateLimited: read.choice('RATE_LIMITS', ['on', 'off']) === 'on',
    workers: read.integer('WEB_CONCURRENCY', { fallback: 1, min: 1, max: 64 }),
    logLevel: read.choice('LOG_LEVEL', ['info', ...LOG_LEVELS.filter((level) => level !== 'info')]),
  };
  if (problems.length > 0) {
    throw new ConfigurationError(problems);
  }
  return environment;
}

/** Takes one variable at a time; what is wrong with it goes to `problems`, and a usable value comes back all the same. */
class VariableReader {
  constructor(
    private readonly variables: NodeJS.ProcessEnv,
    private readonly problems: string[],
  ) {}

  text(name: string): string | undefined {
    return this.variables[name]?.trim() || undefined;
  }

  integer(name: string, limits: { fallback: number; min: number; max: number }): number {
    const text = this.text(name);
    if (text === undefined) {
      return limits.fallback;
    }
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < limits.min || value > limits.max) {
      this.problems.push(`${name} must be a whole number from ${limits.min} to ${limits.max}, not "${text}".`);
      return limits.fallback;
    }
    return value;
  }

  /** The first choice is the default. */
  choice<const Choice extends string>(name: string, choices: [Choice, ...Choice[]]): Choice {
    const text = this.text(name);
    if (text === undefined) {
      return choices[0];
    }
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      this.problems.push(`${name} must be one of ${choices.join(', ')}, not "${text}".`);
    }
    return found ?? choices[0];
  }

  /** The value is never repeated in the problem: a database URL carries a password. */
  url(name: string, protocols: string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) {
      return undefined;
    }
    if (!protocols.some((protocol) => text.toLowerCase().startsWith(`${protocol}//`))) {
      this.problems.push(`${name} must be a URL that begins with ${protocols.map((it) => `${it}//`).join(' or ')}.`);
      return undefined;
    }
    if (!isUrl(text)) {
      this.problems.push(
        `${name} is not a valid URL: look at its port, and at characters that must be percent-encoded.`,
      );
      return undefined;
    }
    return text;
  }

  /** A URL that paths can be put after. */
  baseUrl(name: string): string | undefined {
    const text = this.url(name, ['http:', 'https:']);
    if (text !== undefined && /[?#@]/.test(text)) {
      this.problems.push(`${name} must not have a user, a query or a fragment.`);
    }
    return text;
  }

  origins(name: string): string[] {
    const origins = (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
    if (!origins.every((origin) => URL.canParse(origin) && /^https?:/.test(origin))) {
      this.problems.push(`${name} must be a comma-separated list of origins such as https://app.example.com.`);
      return [];
    }
    return origins.map((origin) => new URL(origin).origin);
  }

  email(name: string): string | undefined {
    const text = this.text(name);
    if (text !== undefined && !isEmail(text)) {
      this.problems.push(`${name} must be an email address.`);
    }
    return text;
  }

  /** `someone@example.com` or `Some Name <someone@example.com>`. */
  mailAddress(name: string): MailAddress | undefined {
    const text = this.text(name);
    if (text === undefined) {
      return undefined;
    }
    const [, quoted, plain, inBrackets] = /^(?:(?:"([^"\\<>]*)"|([^"\\<>]*?))\s*<([^<>]*)>)$/.exec(text) ?? [];
    const displayName = quoted ?? plain ?? '';
    const address = inBrackets ?? text;
    if (!isEmail(address, { require_tld: false }) || /\p{Cc}/u.test(displayName)) {
      this.problems.push(`${name} must be an email address, alone or as in "Some Name <someone@example.com>".`);
    }
    return { name: displayName, address };
  }

  password(name: string): string | undefined {
    const value = this.variables[name];
    if (value && (value.length < 8 || value.length > 256)) {
      this.problems.push(`${name} must have 8 to 256 characters.`);
    }
    return value || undefined;
  }

  secretKeys(name: string): [string, ...string[]] | undefined {
    const [first, ...others] = (this.text(name) ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter(Boolean);
    if (first === undefined) {
      return undefined;
    }
    const shortKeys = [first, ...others].filter((key) => key.length < SECRET_KEY_LENGTH_MIN);
    if (shortKeys.length > 0) {
      this.problems.push(`${name} is too short: each key must have at least ${SECRET_KEY_LENGTH_MIN} characters.`);
    }
    return [first, ...others];
  }
}

/** A host as a URL spells it: IPv6 in brackets, "every interface" as localhost. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') {
    return 'localhost';
  }
  return host.includes(':') ? `[${host}]` : host;
}

/** The domain of mails where none was chosen: the one that people know us by, if it is one. */
function mailDomain(publicUrl: string): string {
  const { hostname } = URL.canParse(publicUrl) ? new URL(publicUrl) : { hostname: '' };
  return isEmail(`no-reply@${hostname}`, { require_tld: false }) && !/^[\d.]+$/.test(hostname) ? hostname : 'localhost';
}

/** Parses, and its parts can be decoded, as a database driver will. */
function isUrl(text: string): boolean {
  try {
    const { username, password, pathname } = new URL(text);
    return [username, password, pathname].every((part) => decodeURIComponent(part) !== undefined);
  } catch {
    return false;
  }
}
