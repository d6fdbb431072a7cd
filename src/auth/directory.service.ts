import { Injectable } from '@nestjs/common';
import { AccountsService } from '../accounts/accounts.service.js';
import { Transactions } from '../database/transactions.js';
import { PLATFORM_DIRECTORY_ID, userKey } from '../route-policy/principal.js';
import { SessionNotFound } from '../tokens/tokens.errors.js';
import { TokensService, type OpenedSession } from '../tokens/tokens.service.js';
import type { UserView } from '../users/user.view.js';
import { UsersService, type NewUser, type UserChanges } from '../users/users.service.js';
import { checkPassword } from './passwords/password-policy.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { RegistrationService } from './registration.service.js';

/**
 * What those who manage a directory do with its users and their sessions. Whatever is not in the directory does not
 * exist here, whoever else has it.
 */
@Injectable()
export class DirectoryService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
    private readonly registration: RegistrationService,
    private readonly passwords: PasswordsService,
    private readonly tokens: TokensService,
  ) {}

  /**
   * @throws InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken, ExternalIdTaken, PasswordRefused,
   * TooBusy
   */
  async create(input: NewUser, password: string): Promise<UserView> {
    await checkPassword(password, input, 'password');
    const hashed = await this.passwords.hash(password); // slow, so before the transaction

    return this.transactions.run(async (tx) => {
      if (input.directoryId === PLATFORM_DIRECTORY_ID) {
        return this.registration.register(tx, input, hashed);
      }
      await this.accounts.keepOpen(tx, input.directoryId);
      const user = await this.users.create(tx, input);
      await this.passwords.set(tx, userKey(user), hashed);
      return user;
    });
  }

  /** @throws UserNotFound, InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken */
  async update(directoryId: number, externalId: string, changes: UserChanges): Promise<void> {
    const user = await this.users.getBy(directoryId, { externalId });
    await this.transactions.run((tx) => this.accounts.updateUser(tx, userKey(user), changes, 'others'));
  }

  /**
   * With all of their credentials; a person of the platform with the directory that they manage. The ledger stays.
   *
   * @throws UserNotFound
   */
  async delete(directoryId: number, externalId: string): Promise<void> {
    const user = await this.users.getBy(directoryId, { externalId });
    await this.transactions.run(async (tx) => {
      if (directoryId === PLATFORM_DIRECTORY_ID) {
        await this.accounts.close(tx, userKey(user));
      }
      await this.users.delete(tx, userKey(user));
    });
  }

  /** @throws SessionNotFound */
  async readSession(directoryId: number, text: string): Promise<{ session: OpenedSession; user: UserView }> {
    const { owner, session } = await this.tokens.readSession(directoryId, text);
    const user = await this.users.get(owner);
    if (user.isDisabled) {
      throw new SessionNotFound();
    }
    return { session, user };
  }

  /** @throws UserNotFound */
  async endSessionsOf(directoryId: number, externalId: string): Promise<void> {
    await this.tokens.endSessions(await this.users.getBy(directoryId, { externalId }));
  }
}
