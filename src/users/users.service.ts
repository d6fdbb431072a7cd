import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { violatedConstraint } from '../database/database-errors.js';
import type { Transaction } from '../database/transactions.js';
import { PLATFORM_DIRECTORY_ID, type Role, type UserKey } from '../route-policy/principal.js';
import { canonicalEmail } from './email-address.js';
import { User } from './user.entity.js';
import { userView, type UserView } from './user.view.js';
import { EmailAlreadyRegistered, InvalidEmail, InvalidUsername, UserNotFound, UsernameTaken } from './users.errors.js';

export interface NewUser {
  directoryId: number;
  email: string;
  username?: string | undefined;
  name?: string | undefined;
  role?: Role | undefined;
}

/** What is given is changed, what is not stays. */
export interface UserChanges {
  email?: string | undefined;
  name?: string | undefined;
}

/**
 * Owns who exists in which directory, and what they are called. Within a directory no email, username or external id
 * names two people, across these columns too; the database decides that, whoever comes first. Emails and usernames are
 * trimmed and lower-cased here, for every dialect alike.
 */
@Injectable()
export class UsersService {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken */
  async create(tx: Transaction, input: NewUser): Promise<UserView> {
    const email = this.canonicalEmail(input.email);
    const row = tx.create(User, {
      directoryId: input.directoryId,
      externalId: randomBytes(16).toString('hex'),
      email,
      emailAsGiven: deliverable(input.email),
      username: this.canonicalUsername(input.username, email),
      name: input.name?.trim() ?? '',
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

  async get(key: UserKey): Promise<UserView> {
    const row = await this.dataSource.manager.findOneBy(User, { directoryId: key.directoryId, id: key.userId });
    if (!row) {
      throw new UserNotFound();
    }
    return userView(row);
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

  /** Whether anybody at all goes by this username or external id, the person with this email included. */
  async isUsernameTaken(directoryId: number, username: string, email: string): Promise<boolean> {
    const name = this.canonicalUsername(username, this.canonicalEmail(email));
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
   * @throws InvalidEmail, EmailAlreadyRegistered
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
    if (changes.email !== undefined) {
      const email = this.canonicalEmail(changes.email);
      // Who uses the address as username, too, gives it up with the address: it may be somebody else's next.
      row.username = row.username === row.email && email !== row.email ? null : row.username;
      row.emailVerifiedAt = email === row.email ? row.emailVerifiedAt : null;
      row.email = email;
      row.emailAsGiven = deliverable(changes.email);
    }
    try {
      return { before, after: userView(await tx.save(row)) };
    } catch (error) {
      throw nameTaken(error) ?? error;
    }
  }

  private canonicalEmail(text: string): string {
    const email = canonicalEmail(text);
    if (email === undefined) {
      throw new InvalidEmail();
    }
    return email;
  }

  private canonicalUsername(text: string | undefined, ownEmail: string): string | null {
    const username = text?.trim().toLowerCase().normalize('NFC');
    if (!username) {
      return null;
    }
    // Whether somebody else's address is registered is nobody's business, so no other address can be tried here.
    if (username.includes('@') && username !== ownEmail) {
      throw new InvalidUsername('username may be an email address only if it is your own');
    }
    if (username !== ownEmail && !/^[\p{L}\p{N}._-]{1,64}$/u.test(username)) {
      throw new InvalidUsername('username must have 1 to 64 letters, digits, dots, hyphens or underscores');
    }
    return username;
  }
}

function nameTaken(error: unknown): Error | undefined {
  switch (violatedConstraint(error)) {
    case 'users_email_key':
      return new EmailAlreadyRegistered();
    case 'users_username_key':
      return new UsernameTaken();
  }
  return undefined;
}

/** As it was typed, but for what no mail server takes. */
function deliverable(email: string): string {
  return email.trim().replace(/\.$/, '');
}
