import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Batcher } from '../batching/batcher.js';
import { Configuration } from '../config/configuration.js';
import { violatedConstraint } from '../database/database-errors.js';
import { PreparedStatements } from '../database/prepared-statements.js';
import type { Transaction } from '../database/transactions.js';
import { NotAuthenticated } from '../errors/request.errors.js';
import { Metrics } from '../operations/metrics.js';
import {
  userKey,
  type CredentialKind,
  type PresentedCredential,
  type Principal,
  type UserKey,
} from '../route-policy/principal.js';
import { SecretKeys } from '../secret-keys/secret-keys.js';
import { Credential } from './credential.entity.js';
import { credentialText, newCredentialId, readCredentialText, type CredentialClaim } from './credential-text.js';
import { sessionView, type SessionView } from './session.view.js';
import { SessionNotFound } from './tokens.errors.js';

/** The kinds of which every user has exactly one, until it is rotated. */
export type LastingKind = Extract<CredentialKind, 'api_key' | 'access_token'>;

/** Where a login came from, for the list of sessions. */
export interface SessionOrigin {
  address: string;
  userAgent: string | null;
}

export interface OpenedSession {
  id: string;
  text: string;
  createdAt: Date;
  expiresAt: Date;
}

/** Position in the list of sessions, newest first. */
export interface SessionPosition {
  createdAt: string;
  id: string;
}

const USER_AGENT_LENGTH_MAX = 512;

const USES_AT_ONCE_MAX = 500;
const NOTE_USES = {
  name: 'session_uses',
  // Whoever is about to end or to note one of them is not waited for, so that nobody waits in a circle.
  text: `
    WITH due AS (
      SELECT id FROM credentials
      WHERE id = ANY ($1::text[]) AND kind = 'session' AND last_used_at < now() - interval '1 minute'
      FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE credentials SET last_used_at = now() FROM due WHERE credentials.id = due.id`,
};

/**
 * Owns every credential: makes, verifies, shows, rotates and ends them. The rows hold no secret; the text of a
 * credential is derived from its id whenever it is needed. What is ended here is refused by every process from the
 * moment the statement has committed, because nobody remembers credentials. Refuses to say why a credential is not good.
 */
@Injectable()
export class TokensService {
  private readonly logger = new Logger(TokensService.name);
  private readonly uses: Batcher<string, void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly statements: PreparedStatements,
    private readonly keys: SecretKeys,
    private readonly configuration: Configuration,
    metrics: Metrics,
  ) {
    this.uses = new Batcher<string, void>({
      run: (ids) => this.noteUses(ids),
      isWorthSplitting: () => false,
      inFlightMax: 1,
      sizeMax: USES_AT_ONCE_MAX,
      observer: metrics.ofBatcher(NOTE_USES.name),
    });
  }

  /** The API key and the access token of a user, as far as there are none. */
  async issueLasting(tx: Transaction, owner: UserKey): Promise<void> {
    const { version } = this.keys.current('credential');
    const kinds: LastingKind[] = ['api_key', 'access_token'];
    await tx
      .createQueryBuilder()
      .insert()
      .into(Credential)
      .values(kinds.map((kind) => ({ ...userKey(owner), kind, id: newCredentialId(), keyVersion: version })))
      .orIgnore()
      .execute();
  }

  /** What a presented text claims, if it was made here. Costs no query. */
  verify(text: string): CredentialClaim | undefined {
    return readCredentialText(text, this.keys.all('credential'));
  }

  /** The text of a user's API key or access token. */
  async show(owner: UserKey, kind: LastingKind): Promise<string> {
    return this.textOf(await this.lasting(owner, kind));
  }

  /** The text of a caller's access token. Costs no query where there is one: the guard has read it. */
  async accessTokenOf(caller: Principal): Promise<string> {
    if (!caller.accessToken) {
      return this.show(caller, 'access_token');
    }
    const { id, keyVersion } = caller.accessToken;
    return this.textOf({ id, keyVersion, kind: 'access_token' });
  }

  /**
   * Replaces a user's API key or access token; the old one is dead when this returns. Of several rotations at once one
   * takes place: the others return its result, or are refused when they were authorised by the very credential that it ended.
   *
   * @throws NotAuthenticated
   */
  async rotate(owner: UserKey, kind: LastingKind, presented: PresentedCredential): Promise<string> {
    const current = await this.lasting(owner, kind);
    const expectedId = presented.kind === kind ? presented.id : current.id;
    const next = { id: newCredentialId(), kind, keyVersion: this.keys.current('credential').version };
    // The user is locked first, as by whoever deletes them: a trigger writes the id of a new access token there.
    const [, affected] = await this.dataSource.manager.query<[rows: unknown[], affected: number]>(
      `WITH owner AS (SELECT directory_id, id FROM users WHERE directory_id = $1 AND id = $2 FOR NO KEY UPDATE)
       UPDATE credentials SET id = $3, key_version = $4, created_at = now(), last_used_at = NULL
       FROM owner
       WHERE credentials.directory_id = owner.directory_id AND credentials.user_id = owner.id
         AND credentials.kind = $5 AND credentials.id = $6`,
      [owner.directoryId, owner.userId, next.id, next.keyVersion, kind, expectedId],
    );
    if (affected === 1) {
      return this.textOf(next);
    }
    if (presented.kind === kind) {
      throw new NotAuthenticated();
    }
    return this.show(owner, kind);
  }

  /** A new session of a user; sessions of the same user that have expired are cleared away on the occasion. */
  async openSession(tx: Transaction, owner: UserKey, origin: SessionOrigin): Promise<OpenedSession> {
    const id = newCredentialId();
    const keyVersion = this.keys.current('credential').version;
    const [row] = await tx.query<{ created_at: Date; expires_at: Date }[]>(
      `WITH expired AS (
         DELETE FROM credentials
         WHERE directory_id = $2 AND user_id = $3 AND kind = 'session' AND expires_at <= now()
       )
       INSERT INTO credentials
         (id, directory_id, user_id, kind, key_version, created_at, expires_at, last_used_at, address, user_agent)
       SELECT $1, $2, $3, 'session', $4, opened, opened + make_interval(secs => $5), opened, $6, $7
       FROM date_trunc('milliseconds', now()) AS opened
       RETURNING created_at, expires_at`,
      [
        id,
        owner.directoryId,
        owner.userId,
        keyVersion,
        this.configuration.sessionTtlSeconds,
        origin.address,
        origin.userAgent?.slice(0, USER_AGENT_LENGTH_MAX).toWellFormed().replaceAll('\0', '') ?? null,
      ],
    );
    return {
      id,
      text: this.textOf({ id, kind: 'session', keyVersion }),
      createdAt: row!.created_at,
      expiresAt: row!.expires_at,
    };
  }

  /** Live sessions, newest first, at most `limit` after the position. */
  async listSessions(owner: UserKey, limit: number, after?: SessionPosition): Promise<SessionView[]> {
    const query = this.dataSource.manager
      .createQueryBuilder(Credential, 'session')
      .where('session.directoryId = :directoryId AND session.userId = :userId', userKey(owner))
      .andWhere(`session.kind = 'session' AND session.expiresAt > now()`)
      .orderBy({ 'session.createdAt': 'DESC', 'session.id': 'DESC' })
      .limit(limit);
    if (after) {
      query.andWhere('(session.createdAt, session.id) < (:createdAt, :id)', after);
    }
    return (await query.getMany()).map(sessionView);
  }

  /**
   * The live session with this text, if its user is in the directory.
   *
   * @throws SessionNotFound
   */
  async readSession(directoryId: number, text: string): Promise<{ owner: UserKey; session: OpenedSession }> {
    const row = await this.dataSource.manager
      .createQueryBuilder(Credential, 'session')
      .where({ directoryId, kind: 'session', id: this.sessionIdOf(text) })
      .andWhere('session.expiresAt > now()')
      .getOne();
    if (!row) {
      throw new SessionNotFound();
    }
    const { id, userId, createdAt, expiresAt } = row;
    return { owner: { directoryId, userId }, session: { id, text, createdAt, expiresAt: expiresAt! } };
  }

  /** @throws SessionNotFound for that of a user of another directory, too */
  async endSessionIn(directoryId: number, text: string): Promise<void> {
    const id = this.sessionIdOf(text);
    const { affected } = await this.dataSource.manager.delete(Credential, { directoryId, kind: 'session', id });
    if (affected !== 1) {
      throw new SessionNotFound();
    }
  }

  /** @throws SessionNotFound for somebody else's too */
  async endSession(owner: UserKey, id: string): Promise<void> {
    const { affected } = await this.dataSource.manager.delete(Credential, { ...userKey(owner), kind: 'session', id });
    if (affected !== 1) {
      throw new SessionNotFound();
    }
  }

  /** Ends the session with this text, if it is one: for a login that replaces it. */
  async discardSession(tx: Transaction, text: string): Promise<void> {
    const claim = this.verify(text);
    if (claim?.kind === 'session') {
      await tx.delete(Credential, { id: claim.id, kind: 'session' });
    }
  }

  async endSessions(owner: UserKey, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.delete(Credential, { ...userKey(owner), kind: 'session' });
  }

  /** Ends all sessions of a user but the one that is spared. */
  async endOtherSessions(tx: Transaction, owner: UserKey, spared: PresentedCredential): Promise<void> {
    await tx.query(
      `DELETE FROM credentials WHERE directory_id = $1 AND user_id = $2 AND kind = 'session' AND id <> $3`,
      [owner.directoryId, owner.userId, spared.id],
    );
  }

  /** Notes that a session was used. Nobody waits for it, and its failure costs nothing but the note. */
  recordUse(id: string): void {
    // Until one is noted, every use of the session asks again.
    this.uses.add(id).catch(() => undefined);
  }

  private async noteUses(ids: string[]): Promise<void[]> {
    try {
      await this.statements.run(NOTE_USES, [[...new Set(ids)]]);
    } catch (error) {
      this.logger.warn({ msg: 'could not note the use of sessions', err: error });
    }
    return ids.map(() => undefined);
  }

  private sessionIdOf(text: string): string {
    const claim = this.verify(text);
    if (claim?.kind !== 'session') {
      throw new SessionNotFound();
    }
    return claim.id;
  }

  /**
   * Managed users get theirs when they first ask for them: most never do.
   *
   * @throws NotAuthenticated when the user is gone
   */
  private async lasting(owner: UserKey, kind: LastingKind): Promise<Credential> {
    const { manager } = this.dataSource;
    const row = await manager.findOneBy(Credential, { ...userKey(owner), kind });
    if (row) {
      return row;
    }
    try {
      await this.issueLasting(manager, owner);
    } catch (error) {
      throw violatedConstraint(error) === 'credentials_user_fkey' ? new NotAuthenticated() : error;
    }
    const issued = await manager.findOneBy(Credential, { ...userKey(owner), kind });
    if (!issued) {
      throw new NotAuthenticated();
    }
    return issued;
  }

  /** A row whose secret key is no longer configured is shown with the current one, which verifies as well. */
  private textOf(row: Pick<Credential, 'id' | 'kind' | 'keyVersion'>): string {
    return credentialText(row, this.keys.ofVersion('credential', row.keyVersion) ?? this.keys.current('credential'));
  }
}
