import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import { canonicalEmail } from '../users/email-address.js';
import { TooManyAttempts } from './auth.errors.js';

/** Who is trying to prove what. */
export interface Attempt {
  directoryId: number;
  /** Whose password it is said to be: a name that need not exist. */
  subject: string;
  /** Where it comes from; undefined when a backend asks for its users, which all come from there. */
  address: string | undefined;
}

const WINDOW_SECONDS = 900;

/**
 * Failures that are allowed per window. One guesser from one place is stopped first; guessing spread over many places
 * or many people is stopped by the wider counts. Nobody is locked out for longer than a window. What happens in one
 * directory counts in no other.
 */
const FAILURES_MAX = { pair: 20, subject: 100, address: 100 } as const;

/**
 * Counts failed attempts at passwords and refuses more of them for a while. The counts live in the database, by its
 * clock, so that all processes share them; keys are digests, so that they tell nobody who was tried.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  /** @throws TooManyAttempts */
  async check(attempt: Attempt): Promise<void> {
    if (!this.configuration.isRateLimited) {
      return;
    }
    const keys = keysOf(attempt);
    const rows = await this.dataSource.query<{ seconds: number }[]>(
      `SELECT ceil(extract(epoch FROM expires_at - now()))::int AS seconds
       FROM failed_attempts JOIN unnest($1::text[], $2::int[]) AS allowed (key, failures) USING (key)
       WHERE expires_at > now() AND count >= failures`,
      [keys.map(({ key }) => key), keys.map(({ failuresMax }) => failuresMax)],
    );
    if (rows.length > 0) {
      throw new TooManyAttempts(Math.max(...rows.map(({ seconds }) => seconds)));
    }
  }

  async countFailure(attempt: Attempt): Promise<void> {
    if (!this.configuration.isRateLimited) {
      return;
    }
    await this.dataSource.query(
      `WITH expired AS (
         DELETE FROM failed_attempts WHERE key IN
           (SELECT key FROM failed_attempts WHERE expires_at < now() - interval '1 hour' LIMIT 10 FOR UPDATE SKIP LOCKED)
       )
       INSERT INTO failed_attempts AS kept (key, count, expires_at)
       SELECT key, 1, now() + make_interval(secs => $2) FROM unnest($1::text[]) AS key ORDER BY key
       ON CONFLICT (key) DO UPDATE SET
         count = CASE WHEN kept.expires_at <= now() THEN 1 ELSE kept.count + 1 END,
         expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END`,
      [keysOf(attempt).map(({ key }) => key), WINDOW_SECONDS],
    );
  }

  /** After a success the pair starts afresh. The wider counts stay, or one good account would cover for many guesses. */
  async forgive(attempt: Attempt): Promise<void> {
    if (this.configuration.isRateLimited) {
      await this.dataSource.query('DELETE FROM failed_attempts WHERE key = $1', [keysOf(attempt)[0].key]);
    }
  }
}

type CountedKey = { key: string; failuresMax: number };

/** The pair comes first. */
function keysOf({ directoryId, subject: name, address: from }: Attempt): [CountedKey, ...CountedKey[]] {
  const address = from === undefined ? undefined : networkOf(from);
  // Every spelling of an address counts as one, known or not; else the count would tell which of them are known.
  const subject = `${directoryId}:${canonicalEmail(name) ?? name.trim().toLowerCase()}`;
  return [
    { key: digest(`pair:${subject}:${address ?? ''}`), failuresMax: FAILURES_MAX.pair },
    { key: digest(`subject:${subject}`), failuresMax: FAILURES_MAX.subject },
    ...(address === undefined
      ? []
      : [{ key: digest(`address:${directoryId}:${address}`), failuresMax: FAILURES_MAX.address }]),
  ];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** Whoever has one IPv6 address has all 2^64 of its network (RFC 6177), so these count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) {
    return address;
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) {
    return mapped;
  }
  const normalized = new URL(`http://[${address.split('%', 1)[0]}]`).hostname.slice(1, -1);
  const [before = [], after = []] = normalized.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
