import { Injectable } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { Transactions } from '../database/transactions.js';
import { SecretKeys } from '../secret-keys/secret-keys.js';
import { CodesService } from '../tokens/codes.service.js';
import { UsersService } from '../users/users.service.js';
import { CodeSender, type CodeRequest } from './code-sender.js';
import { areUntouched, redirectTarget, verificationLink, type RedirectUrls } from './links.js';

/** A verification link as somebody followed it. */
export interface FollowedLink extends RedirectUrls {
  token: string;
  sig: string;
}

/** What came of it, and where to send whoever followed it, if anywhere. */
export type LinkOutcome =
  | { result: 'verified'; redirectUrl: string | undefined }
  | { result: 'not_verified'; redirectUrl: string | undefined }
  | { result: 'touched' };

/** Proving an address by a mail that is sent to it. The token proves it as often as it is shown, because scanners of mail are first. */
@Injectable()
export class EmailVerificationService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly sender: CodeSender,
    private readonly keys: SecretKeys,
    private readonly configuration: Configuration,
  ) {}

  /** @throws InvalidRequest, InvalidEmail, UserNotFound, TooManyMails */
  async send(request: CodeRequest, { redirectUrl, failureRedirectUrl }: RedirectUrls): Promise<void> {
    const urls = {
      redirectUrl: redirectUrl && redirectTarget('redirect_url', redirectUrl),
      failureRedirectUrl: failureRedirectUrl && redirectTarget('failure_redirect_url', failureRedirectUrl),
    };
    const key = this.keys.current('link');
    await this.sender.send(request, {
      purpose: 'email_verification',
      show: (token) => verificationLink(this.configuration.publicUrl, token, urls, key),
    });
  }

  /**
   * Whether the token is good; the address that it was sent to is verified then.
   *
   * @param directoryId undefined where the token is all there is to go by
   */
  async verify(token: string, directoryId?: number): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const holder = await this.codes.findVerified(tx, directoryId, token);
      return holder !== null && this.users.verifyEmail(tx, holder, holder.email);
    });
  }

  async follow({ token, sig, redirectUrl, failureRedirectUrl }: FollowedLink): Promise<LinkOutcome> {
    if (!areUntouched({ redirectUrl, failureRedirectUrl }, sig, this.keys.all('link'))) {
      return { result: 'touched' };
    }
    return (await this.verify(token))
      ? { result: 'verified', redirectUrl }
      : { result: 'not_verified', redirectUrl: failureRedirectUrl };
  }
}
