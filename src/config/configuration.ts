/**
 * Everything that can be set from outside, validated, with defaults filled in. Built once at start by
 * `readEnvironment` and injected wherever it is needed; nothing else reads environment variables.
 */
export class Configuration {
  host!: string;
  port!: number;
  /** How people reach this server, without a trailing slash. Links in mails and the Secure flag of the cookie rest on it. */
  publicUrl!: string;
  /** `postgres://…`; the embedded database's own URL when the operator gave none. */
  databaseUrl!: string;
  /** Absolute path of the folder for the embedded database and the generated key. */
  dataDir!: string;
  /** The first signs, all verify. */
  secretKeys!: [string, ...string[]];
  adminEmail!: string;
  /** Undefined: made at random on the very first start and printed once. */
  adminPassword?: string;
  isSignUpOpen!: boolean;
  /** `smtp://…` or `smtps://…`; mails are kept as files when it is undefined. */
  smtpUrl?: string;
  /** Sender of every mail; some mails have a name of their own. */
  mailFrom!: MailAddress;
  /** Credits that every account of the platform directory is granted per month. */
  creditsPerPeriod!: number;
  bcryptCost!: number;
  sessionTtlSeconds!: number;
  /** Browser origins that may call the API with header credentials. */
  corsOrigins!: string[];
  /** How many proxies in front of us append to X-Forwarded-For. */
  trustProxyHops!: number;
  /** `always-200`: the envelope dialect answers HTTP 200 to failures too, as the original service did. */
  envelopeHttpStatus!: 'as-code' | 'always-200';
  isRateLimited!: boolean;
  /** How many processes serve behind the port: 1 to 64. */
  workers!: number;
  logLevel!: LogLevel;
}

export interface MailAddress {
  /** As people see it; may be empty. */
  name: string;
  address: string;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The environment as the operator gave it: database and keys may still be missing, to be supplied by the embedded ones. */
export type Environment = Omit<Configuration, 'databaseUrl' | 'secretKeys'> & {
  databaseUrl?: string;
  secretKeys?: [string, ...string[]];
};
