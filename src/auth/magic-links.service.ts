import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { userKey } from '../route-policy/principal.js';
import { CodesService } from '../tokens/codes.service.js';
import { TokensService, type OpenedSession, type SessionOrigin } from '../tokens/tokens.service.js';
import type { UserView } from '../users/user.view.js';
import { UsersService } from '../users/users.service.js';
import { CodeSender, type CodeRequest } from './code-sender.js';
import { magicLinks } from './links.js';

/** Logging in with nothing but a mailbox. A link says who somebody is, once, and nothing else: not even that the address is verified. */
@Injectable()
export class MagicLinksService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly sender: CodeSender,
    private readonly tokens: TokensService,
  ) {}

  /**
   * To a page of the caller's own, which is to ask us what the token at its end is worth.
   *
   * @throws InvalidRequest, InvalidEmail, UserNotFound, TooManyMails
   */
  async send(request: CodeRequest, { address, endpoint }: { address: string; endpoint: string }): Promise<void> {
    await this.sender.send(request, { purpose: 'magic_link', show: magicLinks(address, endpoint) });
  }

  /** A session for whom the link was sent to; null when it is not good, or is no longer. */
  async open(
    directoryId: number,
    token: string,
    origin: SessionOrigin,
  ): Promise<{ user: UserView; session: OpenedSession } | null> {
    return this.transactions.run(async (tx) => {
      const holder = await this.codes.redeemMagicLink(tx, directoryId, token);
      const user = holder && (await this.users.findByEmail(directoryId, holder.email, tx));
      if (user?.userId !== holder?.userId || !user || user.isDisabled) {
        return null;
      }
      return { user, session: await this.tokens.openSession(tx, userKey(user), origin) };
    });
  }
}
