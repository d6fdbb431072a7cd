import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import type { Transaction } from '../database/transactions.js';
import type { UserKey } from '../route-policy/principal.js';
import { SecretKeys } from '../secret-keys/secret-keys.js';
import { codeDigest, newLinkToken, newTypedCode, typedCode, type CodePurpose } from './code-text.js';
import { TooManyWrongCodes } from './tokens.errors.js';

/** Whom a code is for: a user, and the address that it is sent to, in canonical form. */
export interface CodeHolder extends UserKey {
  email: string;
}

/** Codes that are followed in a link; the others are typed. */
export type LinkPurpose = Exclude<CodePurpose, 'password_reset'>;

export const CODE_TTL_SECONDS = {
  email_verification: 86_400,
  password_reset: 1_800,
  magic_link: 600,
} as const satisfies Record<CodePurpose, number>;

const WRONG_TRIES_MAX = 5;
const WRONG_TRIES_WINDOW_SECONDS = 900;
const FORGOTTEN_AT_ONCE = 10;

/**
 * Owns one-time codes. A user has one code per purpose, the newest; it is good for that user, that purpose and the
 * address that it went to, until the database's clock says otherwise. Each question is one statement, so that of many who
 * ask at once one is told yes. The table holds keyed digests, which open nothing.
 *
 * A typed code is short, so wrong tries are counted: five kill it. They stay counted when a new code is asked for, or
 * five more guesses could be had for the asking; after five there is none for the rest of a quarter of an hour.
 */
@Injectable()
export class CodesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: SecretKeys,
    private readonly configuration: Configuration,
  ) {}

  /**
   * A new code, in the place of the one before.
   *
   * @throws TooManyWrongCodes
   */
  async issue(
    tx: Transaction,
    purpose: CodePurpose,
    holder: CodeHolder,
    ttlSeconds: number = CODE_TTL_SECONDS[purpose],
  ): Promise<string> {
    const { directoryId, userId, email } = holder;
    const code = purpose === 'password_reset' ? newTypedCode() : newLinkToken();
    const [digest] = purpose === 'password_reset' ? this.typedDigests(holder, code) : this.linkDigests(purpose, code);
    const issued = await tx.query<unknown[]>(
      `INSERT INTO codes AS kept (directory_id, user_id, purpose, email, digest, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
       ON CONFLICT ON CONSTRAINT codes_pkey DO UPDATE SET
         email = excluded.email, digest = excluded.digest, expires_at = excluded.expires_at, redeemed_at = NULL,
         wrong_tries = CASE WHEN $8 AND kept.wrong_tries_until > now() THEN kept.wrong_tries ELSE 0 END
       WHERE NOT $8 OR kept.wrong_tries < $7 OR kept.wrong_tries_until <= now()
       RETURNING 1`,
      [directoryId, userId, purpose, email, digest, ttlSeconds, WRONG_TRIES_MAX, this.configuration.isRateLimited],
    );
    if (issued.length === 0) {
      throw new TooManyWrongCodes(await this.secondsOfPenance(tx, purpose, holder));
    }
    await this.forgetExpired(tx);
    return code;
  }

  /** Whether this is the holder's reset code. It stays good, so that slow work can be done before it is redeemed. */
  async isResetCode(holder: CodeHolder, text: string): Promise<boolean> {
    return this.tryResetCode(this.dataSource.manager, holder, text, false);
  }

  /** Uses up the holder's reset code. False when it is not the one, or is used up already: then let the transaction commit, or the try is not counted. */
  async redeemResetCode(tx: Transaction, holder: CodeHolder, text: string): Promise<boolean> {
    return this.tryResetCode(tx, holder, text, true);
  }

  /** Uses up a magic link of the directory; null when it is not good. */
  async redeemMagicLink(tx: Transaction, directoryId: number, token: string): Promise<CodeHolder | null> {
    const [[holder]] = await tx.query<[CodeHolder[], number]>(
      `UPDATE codes SET redeemed_at = now()
       WHERE digest = ANY($1) AND directory_id = $2 AND purpose = 'magic_link'
         AND redeemed_at IS NULL AND expires_at > now()
       RETURNING directory_id AS "directoryId", user_id AS "userId", email`,
      [this.linkDigests('magic_link', token), directoryId],
    );
    return holder ?? null;
  }

  /**
   * Whose address a verification token proves; null when it is not good. It is good as often as it is shown until it
   * expires: scanners of mail follow links before people do.
   *
   * @param directoryId undefined where the token is all there is to go by: in the link
   */
  async findVerified(tx: Transaction, directoryId: number | undefined, token: string): Promise<CodeHolder | null> {
    const [[holder]] = await tx.query<[CodeHolder[], number]>(
      `UPDATE codes SET redeemed_at = coalesce(redeemed_at, now())
       WHERE digest = ANY($1) AND directory_id = coalesce($2, directory_id) AND purpose = 'email_verification'
         AND expires_at > now()
       RETURNING directory_id AS "directoryId", user_id AS "userId", email`,
      [this.linkDigests('email_verification', token), directoryId ?? null],
    );
    return holder ?? null;
  }

  /** Under the lock of the row: of guesses that come at once, five are looked at, one after the other. */
  private async tryResetCode(
    manager: EntityManager,
    holder: CodeHolder,
    text: string,
    isRedeemed: boolean,
  ): Promise<boolean> {
    const [[tried]] = await manager.query<[{ is_right: boolean }[], number]>(
      `UPDATE codes SET
         redeemed_at = CASE WHEN digest = ANY($4) AND $5 THEN now() END,
         wrong_tries = CASE WHEN digest = ANY($4) THEN wrong_tries ELSE wrong_tries + 1 END,
         wrong_tries_until = CASE WHEN digest = ANY($4) OR wrong_tries_until > now() THEN wrong_tries_until
           ELSE now() + make_interval(secs => $7) END
       WHERE directory_id = $1 AND user_id = $2 AND purpose = 'password_reset' AND email = $3
         AND redeemed_at IS NULL AND expires_at > now() AND wrong_tries < $6
       RETURNING digest = ANY($4) AS is_right`,
      [
        holder.directoryId,
        holder.userId,
        holder.email,
        this.typedDigests(holder, typedCode(text)),
        isRedeemed,
        WRONG_TRIES_MAX,
        WRONG_TRIES_WINDOW_SECONDS,
      ],
    );
    return tried?.is_right ?? false;
  }

  private async secondsOfPenance(
    tx: Transaction,
    purpose: CodePurpose,
    { directoryId, userId }: UserKey,
  ): Promise<number> {
    const [row] = await tx.query<{ seconds: number }[]>(
      `SELECT greatest(1, ceil(extract(epoch FROM wrong_tries_until - clock_timestamp())))::int AS seconds
       FROM codes WHERE directory_id = $1 AND user_id = $2 AND purpose = $3`,
      [directoryId, userId, purpose],
    );
    return row?.seconds ?? 1;
  }

  /** A few at a time, whenever somebody asks for a new one. Rows that are in use are passed by, so that nobody waits in a circle. */
  private async forgetExpired(tx: Transaction): Promise<void> {
    await tx.query(
      `DELETE FROM codes USING (
         SELECT directory_id, user_id, purpose FROM codes
         WHERE expires_at < now() - interval '1 day' LIMIT $1 FOR UPDATE SKIP LOCKED
       ) AS old
       WHERE codes.directory_id = old.directory_id AND codes.user_id = old.user_id AND codes.purpose = old.purpose`,
      [FORGOTTEN_AT_ONCE],
    );
  }

  /** With every key, the current one first: a code outlives a change of the secret. */
  private linkDigests(purpose: LinkPurpose, token: string): string[] {
    return this.keys.all('code').map((key) => codeDigest(key, purpose, token));
  }

  private typedDigests({ directoryId, userId }: UserKey, code: string): string[] {
    const holder = `${directoryId}:${userId}`;
    return this.keys.all('code').map((key) => codeDigest(key, 'password_reset', code, holder));
  }
}
