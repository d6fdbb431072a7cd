import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Configuration } from '../../config/configuration.js';
import type { Transaction } from '../../database/transactions.js';
import type { UserKey } from '../../route-policy/principal.js';
import { SecretKeys } from '../../secret-keys/secret-keys.js';
import { HashingQueue } from './hashing-queue.js';
import { HashingThreads } from './hashing-threads.js';
import { costOf, decoyHash, passwordDigest } from './password-hash.js';
import { Password } from './password.entity.js';

/** A hash on its way into the database. */
export interface HashedPassword {
  hash: string;
  keyVersion: string;
}

/** A password that was found to be right. */
export interface VerifiedPassword {
  /** What it was compared with, to make sure later that it is still the password. */
  hash: string;
  /** Made with an older key or a lower cost than are configured now. */
  isOutdated: boolean;
}

/** Ids begin at 1. A query for nobody takes the time of a query for somebody. */
const NOBODY: UserKey = { directoryId: 0, userId: 0 };

/**
 * Owns passwords: hashes, compares and replaces them. Promises that a comparison takes the same work whether there is
 * such a user or not, and that hashing never blocks the event loop. Knows no rule of what a good password is.
 */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly queue: HashingQueue,
    private readonly threads: HashingThreads,
    private readonly keys: SecretKeys,
    private readonly configuration: Configuration,
  ) {}

  /** Slow: call it before a transaction, not inside one. @throws TooBusy */
  async hash(password: string): Promise<HashedPassword> {
    const key = this.keys.current('password');
    const hash = await this.queue.run(() =>
      this.threads.hash(passwordDigest(password, key), this.configuration.bcryptCost),
    );
    return { hash, keyVersion: key.version };
  }

  async set(tx: Transaction, owner: UserKey, password: HashedPassword): Promise<void> {
    await tx.insert(Password, { ...owner, ...password });
  }

  /** Whatever the password was, and whether there was one or not. */
  async reset(tx: Transaction, owner: UserKey, password: HashedPassword): Promise<void> {
    await tx.upsert(Password, { ...owner, ...password }, ['directoryId', 'userId']);
  }

  /**
   * Null when it is not the password of this user, or there is no such user (`owner` is null): both take the same work.
   *
   * @throws TooBusy
   */
  async verify(owner: UserKey | null, password: string): Promise<VerifiedPassword | null> {
    const row = await this.dataSource.manager.findOneBy(Password, owner ?? NOBODY);
    return this.queue.run(() => this.compare(row, password));
  }

  /**
   * Replaces a password, provided that it is still the verified one.
   *
   * @returns whether it was
   */
  async replace(tx: Transaction, owner: UserKey, verified: VerifiedPassword, next: HashedPassword): Promise<boolean> {
    const { affected } = await tx.update(Password, { ...owner, hash: verified.hash }, next);
    return affected === 1;
  }

  /** Whether the verified password is still the password; it stays so until the transaction ends. */
  async isCurrent(tx: Transaction, owner: UserKey, verified: VerifiedPassword): Promise<boolean> {
    const row = await tx.findOne(Password, {
      where: { ...owner, hash: verified.hash },
      lock: { mode: 'pessimistic_read' },
    });
    return row !== null;
  }

  private async compare(row: Password | null, password: string): Promise<VerifiedPassword | null> {
    const current = this.keys.current('password');
    const key = row && this.keys.ofVersion('password', row.keyVersion);
    if (!row || !key) {
      await this.threads.compare(passwordDigest(password, current), decoyHash(this.configuration.bcryptCost));
      return null;
    }
    const cost = costOf(row.hash);
    const isRight = await this.threads.compare(passwordDigest(password, key), row.hash);
    // A hash of a lower cost would answer sooner than a decoy; even a right password, that of a disabled user.
    // 2^n + (2^n + 2^(n+1) + … + 2^(m-1)) is 2^m.
    for (let extra = cost; extra < this.configuration.bcryptCost; extra++) {
      await this.threads.compare(passwordDigest(password, current), decoyHash(extra));
    }
    const isOutdated = cost < this.configuration.bcryptCost || key.version !== current.version;
    return isRight ? { hash: row.hash, isOutdated } : null;
  }
}
