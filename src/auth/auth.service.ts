import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { SecurityNotices } from '../mailer/security-notices.js';
import { userKey, type PresentedCredential, type Principal, type UserKey } from '../route-policy/principal.js';
import { TokensService, type OpenedSession, type SessionOrigin } from '../tokens/tokens.service.js';
import type { UserView } from '../users/user.view.js';
import { UsersService, type UserReference } from '../users/users.service.js';
import { InvalidLogin, PasswordRefused, WrongOldPassword } from './auth.errors.js';
import { passwordChangedMessage } from './auth.mails.js';
import { LoginThrottle } from './login-throttle.js';
import { checkPassword } from './passwords/password-policy.js';
import { PasswordsService, type VerifiedPassword } from './passwords/passwords.service.js';

export interface LoginInput {
  directoryId: number;
  /** Whose password it is said to be. */
  user: Pick<UserReference, 'username' | 'email'>;
  password: string;
  origin: SessionOrigin;
  /** Whether the request comes from the person, or from a backend that asks for all of its users. */
  isFromPerson: boolean;
  /** A session that the browser already had; it is ended. */
  replacedSession?: string | undefined;
}

export interface PasswordChange {
  oldPassword: string;
  newPassword: string;
}

const COMPARISONS_MAX = 3;

/**
 * Logging in, and changing the password that logs in. A login that fails says nothing about why: an unknown user, a
 * disabled one and a wrong password cost the same work, count the same and answer alike.
 */
@Injectable()
export class AuthService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly tokens: TokensService,
    private readonly notices: SecurityNotices,
    private readonly throttle: LoginThrottle,
  ) {}

  /** @throws InvalidLogin, TooManyAttempts, TooBusy */
  async login(input: LoginInput): Promise<{ user: UserView; session: OpenedSession }> {
    const { directoryId, user: reference, origin } = input;
    const user = await this.users.find(directoryId, reference);
    const attempt = {
      directoryId,
      subject: user?.email ?? reference.username ?? reference.email ?? '',
      address: input.isFromPerson ? origin.address : undefined,
    };
    await this.throttle.check(attempt);

    // A disabled user is nobody: the same work, the same answer.
    const owner = user && !user.isDisabled ? userKey(user) : null;
    const session = await this.withPassword(owner, input.password, (verified) =>
      this.openSession(owner!, verified, input),
    );
    if (!user || !session) {
      await this.throttle.countFailure(attempt);
      throw new InvalidLogin();
    }
    await this.throttle.forgive(attempt);
    return { user, session };
  }

  /**
   * Changes the caller's password and ends all their other sessions; keys and tokens stay. They are told by mail.
   *
   * @throws NotAuthenticated, WrongOldPassword, PasswordRefused, TooManyAttempts, TooBusy
   */
  async changeOwnPassword(principal: Principal, change: PasswordChange, address: string): Promise<void> {
    await this.changePassword(await this.users.getCaller(principal), change, { address, spared: principal.credential });
  }

  /**
   * Changes the password of a user in a directory that the caller manages, and ends all of that user's sessions.
   *
   * @throws UserNotFound, WrongOldPassword, PasswordRefused, TooManyAttempts, TooBusy
   */
  async changePasswordOf(directoryId: number, externalId: string, change: PasswordChange): Promise<void> {
    await this.changePassword(await this.users.getBy(directoryId, { externalId }), change, { address: undefined });
  }

  private async changePassword(
    user: UserView,
    { oldPassword, newPassword }: PasswordChange,
    { address, spared }: { address: string | undefined; spared?: PresentedCredential },
  ): Promise<void> {
    const owner = userKey(user);
    const attempt = { directoryId: user.directoryId, subject: user.email, address };
    await this.throttle.check(attempt);

    await checkPassword(newPassword, user, 'new_password');
    if (newPassword.normalize('NFC') === oldPassword.normalize('NFC')) {
      throw new PasswordRefused('new_password', 'must not be the old one');
    }
    const isChanged = await this.withPassword(owner, oldPassword, async (verified) => {
      const next = await this.passwords.hash(newPassword);
      return this.transactions.run(async (tx) => {
        if (!(await this.passwords.replace(tx, owner, verified, next))) {
          return undefined;
        }
        await (spared ? this.tokens.endOtherSessions(tx, owner, spared) : this.tokens.endSessions(owner, tx));
        await this.notices.tell(tx, passwordChangedMessage(user), user.email, spared ? 'themselves' : 'others');
        return true;
      });
    });
    if (!isChanged) {
      await this.throttle.countFailure(attempt);
      throw new WrongOldPassword();
    }
  }

  /** Undefined when the password is no longer the verified one: its sessions are over, and so is this login. */
  private async openSession(
    owner: UserKey,
    verified: VerifiedPassword,
    { password, origin, replacedSession }: LoginInput,
  ): Promise<OpenedSession | undefined> {
    const renewed = verified.isOutdated ? await this.passwords.hash(password) : undefined;

    return this.transactions.run(async (tx) => {
      const isStillRight = renewed
        ? await this.passwords.replace(tx, owner, verified, renewed)
        : await this.passwords.isCurrent(tx, owner, verified);
      if (!isStillRight) {
        return undefined;
      }
      if (replacedSession !== undefined) {
        await this.tokens.discardSession(tx, replacedSession);
      }
      return this.tokens.openSession(tx, owner, origin);
    });
  }

  /**
   * What `work` makes of the right password; undefined when it is wrong. When `work` finds the hash replaced meanwhile,
   * by a login that renewed it or by another password, only a new comparison can tell which.
   */
  private async withPassword<Result>(
    owner: UserKey | null,
    password: string,
    work: (verified: VerifiedPassword) => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    for (let attempt = 1; attempt <= COMPARISONS_MAX; attempt++) {
      const verified = await this.passwords.verify(owner, password);
      const result = verified && (await work(verified));
      if (!verified || result !== undefined) {
        return result ?? undefined;
      }
    }
    return undefined;
  }
}
