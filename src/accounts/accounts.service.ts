import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CreditsService } from '../credits/credits.service.js';
import { violatedConstraint } from '../database/database-errors.js';
import { Transactions, type Transaction } from '../database/transactions.js';
import { NotAuthenticated } from '../errors/request.errors.js';
import { SecurityNotices } from '../mailer/security-notices.js';
import { PLATFORM_DIRECTORY_ID, userKey, type UserKey } from '../route-policy/principal.js';
import { TokensService } from '../tokens/tokens.service.js';
import type { UserView } from '../users/user.view.js';
import { UserNotFound, asCaller } from '../users/users.errors.js';
import { UsersService, type UserChanges } from '../users/users.service.js';
import { Account } from './account.entity.js';
import { accountView, type AccountView } from './account.view.js';
import { UnknownTimezone } from './accounts.errors.js';
import { emailChangedMessage } from './accounts.mails.js';

/** What is given is changed, what is not stays. */
export interface AccountChanges {
  timezone?: string | undefined;
  systemEmails?: boolean | undefined;
  updateEmails?: boolean | undefined;
  notificationEmails?: boolean | undefined;
  unusedCollectionExpired?: string | undefined;
}

/**
 * Owns accounts: one per user, opened with it, holding the time zone and the preferences. Promises that a change of
 * profile happens as a whole or not at all, and that the old address hears of a new one.
 */
@Injectable()
export class AccountsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly credits: CreditsService,
    private readonly tokens: TokensService,
    private readonly notices: SecurityNotices,
  ) {}

  /** The account of a new user, with its credentials and its first allowance. */
  async openFor(tx: Transaction, owner: UserKey): Promise<void> {
    const account = await tx.save(tx.create(Account, userKey(owner)));
    await this.tokens.issueLasting(tx, owner);
    await this.credits.openBalance(tx, account.id);
  }

  /**
   * The caller's own.
   *
   * @throws NotAuthenticated
   */
  async details(caller: UserKey): Promise<{ account: AccountView; apiKey: string }> {
    const [account, apiKey] = await Promise.all([asCaller(this.get(caller)), this.tokens.show(caller, 'api_key')]);
    return { account, apiKey };
  }

  /**
   * Changes the caller's own profile and preferences together.
   *
   * @throws NotAuthenticated, UnknownTimezone, InvalidEmail, EmailAlreadyRegistered
   */
  async updateProfile(
    caller: UserKey,
    changes: { user: UserChanges; account: AccountChanges },
  ): Promise<{ user: UserView; account: AccountView }> {
    if (changes.account.timezone !== undefined && !isTimezone(changes.account.timezone)) {
      throw new UnknownTimezone();
    }
    const changed = this.transactions.run(async (tx) => {
      const user = await this.updateUser(tx, caller, changes.user, 'themselves');
      const row = await this.rowOf(tx, caller);
      const account = await tx.save(Object.assign(row, given(changes.account)));
      return { user, account: accountView(account) };
    });
    return asCaller(changed);
  }

  /**
   * The old address hears of a new one, unless the owner of a directory changes it for a user.
   *
   * @param by who asked for it
   * @throws UserNotFound, InvalidEmail, InvalidUsername, EmailAlreadyRegistered, UsernameTaken
   */
  async updateUser(
    tx: Transaction,
    key: UserKey,
    changes: UserChanges,
    by: 'themselves' | 'others',
  ): Promise<UserView> {
    const { before, after } = await this.users.update(tx, key, changes);
    if (before.email !== after.email) {
      await this.notices.tell(tx, emailChangedMessage(before, after), before.email, by);
    }
    return after;
  }

  /**
   * Keeps an account from being closed until the transaction ends.
   *
   * @throws NotAuthenticated when it was: its owner's credentials are no good any more
   */
  async keepOpen(tx: Transaction, accountId: number): Promise<void> {
    const [row] = await tx.query<unknown[]>('SELECT FROM accounts WHERE directory_id = $1 AND id = $2 FOR KEY SHARE', [
      PLATFORM_DIRECTORY_ID,
      accountId,
    ]);
    if (!row) {
      throw new NotAuthenticated();
    }
  }

  /**
   * Deletes the account of a person of the platform, with the directory that they manage. The ledger stays.
   *
   * @throws UserNotFound when somebody else has just done so
   */
  async close(tx: Transaction, owner: UserKey): Promise<void> {
    // The lock waits for those who are adding users to the directory.
    const account = await tx.findOne(Account, { where: userKey(owner), lock: { mode: 'pessimistic_write' } });
    if (!account) {
      throw new UserNotFound();
    }
    await tx.delete(Account, { directoryId: account.directoryId, id: account.id });
    await this.users.deleteDirectory(tx, account.id);
  }

  private async get(owner: UserKey): Promise<AccountView> {
    return accountView(await this.rowOf(this.dataSource.manager, owner));
  }

  /**
   * Managed users get theirs when it is first needed: most never have anything to put there.
   *
   * @throws UserNotFound
   */
  private async rowOf(manager: EntityManager, owner: UserKey): Promise<Account> {
    const row = await manager.findOneBy(Account, userKey(owner));
    if (row) {
      return row;
    }
    if (owner.directoryId === PLATFORM_DIRECTORY_ID) {
      throw new UserNotFound();
    }
    const account = { ...userKey(owner), id: owner.userId };
    try {
      await manager.createQueryBuilder().insert().into(Account).values(account).orIgnore().execute();
    } catch (error) {
      throw violatedConstraint(error) === 'accounts_user_fkey' ? new UserNotFound() : error;
    }
    const opened = await manager.findOneBy(Account, userKey(owner));
    if (!opened) {
      throw new UserNotFound();
    }
    return opened;
  }
}

/** Names of the IANA database, spelled as there. The runtime also takes offsets, any case, and names of its own. */
const TIMEZONE = /^(UTC|GMT|(?!SystemV)[A-Z][A-Za-z]+(\/[A-Z][\w+-]*)+)$/;

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return TIMEZONE.test(name);
  } catch {
    return false;
  }
}

function given(changes: AccountChanges): Partial<Account> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
