import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { violatedConstraint } from '../database/database-errors.js';
import { Lookups, type Lookup } from '../database/lookup.js';
import type { Transaction } from '../database/transactions.js';
import { PLATFORM_DIRECTORY_ID, type Role, type UserKey } from '../route-policy/principal.js';
import { DirectoryDeletion } from './directory-deletion.entity.js';
import { canonicalEmail } from './email-address.js';
import { User } from './user.entity.js';
import { userView, type UserView } from './user.view.js';
import {
  EmailAlreadyRegistered,
  ExternalIdTaken,
  InvalidEmail,
  InvalidUsername,
  UserNotFound,
  UsernameTaken,
  asCaller,
} from './users.errors.js';

export interface NewUser {
  directoryId: number;
  email: string;
  /** Made up when it is not given. */
  externalId?: string | undefined;
  username?: string | undefined;
  name?: string | undefined;
  profile?: Record<string, string> | undefined;
  role?: Role | undefined;
}

/** What is given is changed, what is not stays. */
export interface UserChanges {
  email?: string | undefined;
  username?: string | undefined;
  name?: string | undefined;
  /** Replaces the old one as a whole. */
  profile?: Record<string, string> | undefined;
}

/** What a user can be found by. The first that is given counts. */
export interface UserReference {
  externalId?: string | undefined;
  username?: string | undefined;
  email?: string | undefined;
}

/** Part of a list. */
export interface ListPart {
  limit: number;
  offset: number;
}

/**
 * Owns who exists in which directory, and what they are called. Within a directory no email, username or external id
 * names two people, across these columns too; the database decides that, whoever comes first. Emails and usernames are
 * trimmed and lower-cased here, for every dialect alike.
 */
@Injectable()
export class UsersService {
  private readonly byId: Lookup<User>;
  private readonly byExternalId: Lookup<User>;
  private readonly byUsername: Lookup<User>;
  private readonly byEmail: Lookup<User>;

  constructor(
    private readonly dataSource: DataSource,
    lookups: Lookups,
  ) {
    this.byId = lookups.byColumns(User, ['directoryId', 'id']);
    this.byExternalId = lookups.byColumns(User, ['directoryId', 'externalId']);
    this.byUsername = lookups.byColumns(User, ['directoryId', 'username']);
    this.byEmail = lookups.byColumns(User, ['directoryId', 'email']);
  }

  /** @throws InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken, ExternalIdTaken */
  async create(tx: Transaction, input: NewUser): Promise<UserView> {
    const email = emailFrom(input.email);
    const row = tx.create(User, {
      directoryId: input.directoryId,
      externalId: input.externalId ?? randomBytes(16).toString('hex'),
      email,
      emailAsGiven: deliverable(input.email),
      username: usernameFrom(input.username, { directoryId: input.directoryId, email }),
      name: input.name?.trim() ?? '',
      profile: JSON.stringify(input.profile ?? {}),
      role: input.role ?? 'user',
      emailVerifiedAt: null,
      disabledAt: null,
    });
    try {
      return userView(await tx.save(row));
    } catch (error) {
      throw nameTaken(error) ?? error;
    }
  }

  /** @throws UserNotFound */
  async get(key: UserKey): Promise<UserView> {
    const row = await this.byId.find(key.directoryId, key.userId);
    if (!row) {
      throw new UserNotFound();
    }
    return userView(row);
  }

  /** @throws NotAuthenticated when they were deleted since they were let in */
  getCaller(caller: UserKey): Promise<UserView> {
    return asCaller(this.get(caller));
  }

  /** Null for what nobody can be called, too. */
  async find(directoryId: number, reference: UserReference): Promise<UserView | null> {
    const row = await this.rowOf(directoryId, reference);
    return row ? userView(row) : null;
  }

  /** @throws UserNotFound */
  async getBy(directoryId: number, reference: UserReference): Promise<UserView> {
    const user = await this.find(directoryId, reference);
    if (!user) {
      throw new UserNotFound();
    }
    return user;
  }

  /** By email address, in any spelling of it. Null for what is no address, too. */
  async findByEmail(
    directoryId: number,
    email: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<UserView | null> {
    const canonical = canonicalEmail(email);
    const row = canonical === undefined ? null : await manager.findOneBy(User, { directoryId, email: canonical });
    return row && userView(row);
  }

  /** @throws InvalidEmail, UserNotFound */
  async getByEmail(directoryId: number, email: string, manager?: EntityManager): Promise<UserView> {
    if (canonicalEmail(email) === undefined) {
      throw new InvalidEmail();
    }
    const user = await this.findByEmail(directoryId, email, manager);
    if (!user) {
      throw new UserNotFound();
    }
    return user;
  }

  /** In the order in which they were created. The counts of `user_counts` find the first one, however far it is. */
  async list(directoryId: number, { limit, offset }: ListPart): Promise<UserView[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(User, 'user')
      .where('user.directoryId = :directoryId', { directoryId })
      .andWhere('user.id >= (SELECT users_id_at(:directoryId, :offset))', { offset })
      .orderBy('user.id')
      .limit(limit)
      .getMany();
    return rows.map(userView);
  }

  /** Whether anybody at all goes by this username or external id, the person with this email included. */
  async isUsernameTaken(directoryId: number, username: string, email: string): Promise<boolean> {
    const name = usernameFrom(username, { directoryId, email: emailFrom(email) });
    if (name === null) {
      return false;
    }
    return this.dataSource.manager.exists(User, {
      where: [
        { directoryId, username: name },
        { directoryId, externalId: name },
      ],
    });
  }

  async hasAdministrator(tx: Transaction): Promise<boolean> {
    return tx.existsBy(User, { directoryId: PLATFORM_DIRECTORY_ID, role: 'admin' });
  }

  /**
   * Changes what is given. A changed email is the new login at once, and is not verified.
   *
   * @throws UserNotFound, InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken
   */
  async update(tx: Transaction, key: UserKey, changes: UserChanges): Promise<{ before: UserView; after: UserView }> {
    const row = await tx.findOne(User, {
      where: { directoryId: key.directoryId, id: key.userId },
      lock: { mode: 'pessimistic_write' },
    });
    if (!row) {
      throw new UserNotFound();
    }
    const before = userView(row);
    if (changes.name !== undefined) {
      row.name = changes.name.trim();
    }
    if (changes.profile !== undefined) {
      row.profile = JSON.stringify(changes.profile);
    }
    if (changes.email !== undefined) {
      const email = emailFrom(changes.email);
      // Who uses the address as username, too, gives it up with the address: it may be somebody else's next.
      row.username = row.username === row.email && email !== row.email ? null : row.username;
      row.emailVerifiedAt = email === row.email ? row.emailVerifiedAt : null;
      row.email = email;
      row.emailAsGiven = deliverable(changes.email);
    }
    if (changes.username !== undefined) {
      row.username = usernameFrom(changes.username, row);
    }
    try {
      return { before, after: userView(await tx.save(row)) };
    } catch (error) {
      throw nameTaken(error) ?? error;
    }
  }

  /**
   * Whether this is still the user's address; if so, it is verified from now on, or was before. In a directory that is
   * being deleted nobody has one.
   */
  async verifyEmail(tx: Transaction, key: UserKey, email: string): Promise<boolean> {
    const [, affected] = await tx.query<[unknown[], number]>(
      `UPDATE users SET
         email_verified_at = coalesce(email_verified_at, now()),
         updated_at = CASE WHEN email_verified_at IS NULL THEN now() ELSE updated_at END
       WHERE directory_id = $1 AND id = $2 AND email = $3
         AND NOT EXISTS (SELECT FROM directory_deletions AS deletion WHERE deletion.directory_id = users.directory_id)`,
      [key.directoryId, key.userId, email],
    );
    return affected === 1;
  }

  /** Whether this is still the user's address, in canonical form; it stays so until the transaction ends. */
  async hasEmail(tx: Transaction, key: UserKey, email: string): Promise<boolean> {
    const row = await tx.findOne(User, {
      where: { directoryId: key.directoryId, id: key.userId, email },
      lock: { mode: 'pessimistic_read' },
    });
    return row !== null;
  }

  /**
   * With everything that belongs to them.
   *
   * @throws UserNotFound
   */
  async delete(tx: Transaction, key: UserKey): Promise<void> {
    const { affected } = await tx.delete(User, { directoryId: key.directoryId, id: key.userId });
    if (affected !== 1) {
      throw new UserNotFound();
    }
  }

  /** Has everybody in a directory deleted, a few at a time. The directory must be out of reach already. */
  async deleteDirectory(tx: Transaction, directoryId: number): Promise<void> {
    await tx.insert(DirectoryDeletion, { directoryId });
  }

  private async rowOf(directoryId: number, { externalId, username, email }: UserReference): Promise<User | undefined> {
    if (externalId !== undefined) {
      return this.byExternalId.find(directoryId, externalId);
    }
    const address = canonicalEmail(username ?? email ?? '');
    if (username === undefined) {
      return address === undefined ? undefined : this.byEmail.find(directoryId, address);
    }
    // Where no username was chosen, the email address is shown as one.
    const [named, addressed] = await Promise.all([
      this.byUsername.find(directoryId, address ?? canonicalName(username)),
      address === undefined ? undefined : this.byEmail.find(directoryId, address),
    ]);
    return named ?? addressed;
  }
}

function emailFrom(text: string): string {
  const email = canonicalEmail(text);
  if (email === undefined) {
    throw new InvalidEmail();
  }
  return email;
}

function canonicalName(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

function usernameFrom(text: string | undefined, owner: { directoryId: number; email: string }): string | null {
  const given = text ?? '';
  const name = canonicalName(given);
  if (name === '') {
    return null;
  }
  const address = canonicalEmail(given);
  if (address === owner.email || (address !== undefined && owner.directoryId !== PLATFORM_DIRECTORY_ID)) {
    return address;
  }
  // Whether somebody else's address is registered is nobody's business, so no other address can be tried here.
  if (name.includes('@') && owner.directoryId === PLATFORM_DIRECTORY_ID) {
    throw new InvalidUsername('username may be an email address only if it is your own');
  }
  if (!/^[\p{L}\p{N}._-]{1,64}$/u.test(name)) {
    throw new InvalidUsername('username must have 1 to 64 letters, digits, dots, hyphens or underscores');
  }
  return name;
}

function nameTaken(error: unknown): Error | undefined {
  switch (violatedConstraint(error)) {
    case 'users_email_key':
      return new EmailAlreadyRegistered();
    case 'users_username_key':
      return new UsernameTaken();
    case 'users_external_id_key':
      return new ExternalIdTaken();
  }
  return undefined;
}

/** As it was typed, but for what no mail server takes. */
function deliverable(email: string): string {
  return email.trim().replace(/\.$/, '');
}
