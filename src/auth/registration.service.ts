import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccountsService } from '../accounts/accounts.service.js';
import { Configuration } from '../config/configuration.js';
import { Transactions, type Transaction } from '../database/transactions.js';
import { MailerService } from '../mailer/mailer.service.js';
import { PLATFORM_DIRECTORY_ID, userKey } from '../route-policy/principal.js';
import type { UserView } from '../users/user.view.js';
import { EmailAlreadyRegistered, UsernameTaken } from '../users/users.errors.js';
import { UsersService, type NewUser } from '../users/users.service.js';
import { SignUpClosed } from './auth.errors.js';
import { alreadyRegisteredMessage } from './auth.mails.js';
import { checkPassword } from './passwords/password-policy.js';
import { PasswordsService, type HashedPassword } from './passwords/passwords.service.js';

export interface SignUp {
  email: string;
  password: string;
  name?: string | undefined;
  username?: string | undefined;
}

export interface FirstAdministrator {
  email: string;
  /** Set when it was made at random, and so must be told. */
  password?: string;
}

/** Any number that nobody else uses on this database. */
const FIRST_ADMINISTRATOR_LOCK = 7_086_554_284;

/** How people come to be in the platform directory: by signing up, and the first administrator by starting the server. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
    private readonly mailer: MailerService,
    private readonly configuration: Configuration,
  ) {}

  /**
   * A stranger cannot tell a new address from a known one: the owner of a known one gets a mail, and nothing changes.
   *
   * @throws SignUpClosed, InvalidEmail, InvalidUsername, UsernameTaken, PasswordRefused, TooBusy
   */
  async signUp(input: SignUp): Promise<void> {
    if (!this.configuration.isSignUpOpen) {
      throw new SignUpClosed();
    }
    const user = this.newUser(input);
    await checkPassword(input.password, user, 'password');
    const password = await this.passwords.hash(input.password); // slow, so before the transaction
    try {
      await this.transactions.run((tx) => this.register(tx, user, password));
    } catch (error) {
      if (!(error instanceof EmailAlreadyRegistered)) {
        throw error;
      }
      // A username is refused alike for a new and a known address, whoever has it, or it would tell them apart.
      if (input.username && (await this.users.isUsernameTaken(PLATFORM_DIRECTORY_ID, input.username, input.email))) {
        throw new UsernameTaken();
      }
      await this.tellOwner(input.email);
    }
  }

  /** Makes the first administrator if there is none; null when there is. Of several processes one makes it. */
  async ensureAdministrator(): Promise<FirstAdministrator | null> {
    const { adminEmail: email, adminPassword } = this.configuration;
    const hasOne = await this.transactions.run((tx) => this.users.hasAdministrator(tx));
    if (hasOne) {
      return null;
    }
    const password = adminPassword ?? randomBytes(18).toString('base64url');
    const user: NewUser = { ...this.newUser({ email, name: 'Administrator' }), role: 'admin' };
    await checkPassword(password, user, 'ADMIN_PASSWORD');
    const hashed = await this.passwords.hash(password);

    return this.transactions.run(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [FIRST_ADMINISTRATOR_LOCK]);
      if (await this.users.hasAdministrator(tx)) {
        return null;
      }
      await this.register(tx, user, hashed);
      return adminPassword === undefined ? { email, password } : { email };
    });
  }

  /** A new user of the platform directory, with an account. */
  async register(tx: Transaction, input: NewUser, password: HashedPassword): Promise<UserView> {
    const user = await this.users.create(tx, input);
    const owner = userKey(user);
    await this.passwords.set(tx, owner, password);
    await this.accounts.openFor(tx, owner);
    return user;
  }

  private newUser({ email, name, username }: Omit<SignUp, 'password'>): NewUser {
    return { directoryId: PLATFORM_DIRECTORY_ID, email, name, username };
  }

  private async tellOwner(email: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const owner = await this.users.findByEmail(PLATFORM_DIRECTORY_ID, email, tx);
      if (owner) {
        await this.mailer.enqueueAtMostHourly(tx, alreadyRegisteredMessage(owner));
      }
    });
  }
}
