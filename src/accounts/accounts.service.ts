import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CreditsService } from '../credits/credits.service.js';
import { Transactions, type Transaction } from '../database/transactions.js';
import { MailerService } from '../mailer/mailer.service.js';
import { userKey, type UserKey } from '../route-policy/principal.js';
import { TokensService } from '../tokens/tokens.service.js';
import type { UserView } from '../users/user.view.js';
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
 * Owns accounts: one per user, opened with it, holding the time zone and the preferences. Shows a person everything
 * that belongs to them. Promises that a change of profile happens as a whole or not at all, and that the old address
 * hears of a new one.
 */
@Injectable()
export class AccountsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly credits: CreditsService,
    private readonly tokens: TokensService,
    private readonly mailer: MailerService,
  ) {}

  /** The account of a new user, with its credentials and its first allowance. */
  async openFor(tx: Transaction, owner: UserKey): Promise<void> {
    const account = await tx.save(tx.create(Account, userKey(owner)));
    await this.tokens.issueLasting(tx, owner);
    await this.credits.openBalance(tx, account.id);
  }

  async details(owner: UserKey): Promise<{ account: AccountView; apiKey: string }> {
    const [account, apiKey] = await Promise.all([this.get(owner), this.tokens.show(owner, 'api_key')]);
    return { account, apiKey };
  }

  async me(owner: UserKey): Promise<{ user: UserView; accessToken: string }> {
    const [user, accessToken] = await Promise.all([this.users.get(owner), this.tokens.show(owner, 'access_token')]);
    return { user, accessToken };
  }

  /**
   * Changes profile and preferences together.
   *
   * @throws UnknownTimezone, InvalidEmail, EmailAlreadyRegistered
   */
  async updateProfile(
    owner: UserKey,
    changes: { user: UserChanges; account: AccountChanges },
  ): Promise<{ user: UserView; account: AccountView }> {
    if (changes.account.timezone !== undefined && !isTimezone(changes.account.timezone)) {
      throw new UnknownTimezone();
    }
    return this.transactions.run(async (tx) => {
      const { before, after } = await this.users.update(tx, owner, changes.user);
      const row = await tx.findOneByOrFail(Account, userKey(owner));
      const account = await tx.save(Object.assign(row, given(changes.account)));
      if (before.email !== after.email) {
        await this.mailer.enqueue(tx, emailChangedMessage(before, after));
      }
      return { user: after, account: accountView(account) };
    });
  }

  private async get(owner: UserKey): Promise<AccountView> {
    return accountView(await this.dataSource.manager.findOneByOrFail(Account, userKey(owner)));
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
