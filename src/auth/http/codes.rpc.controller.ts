import { Get, Post, Req, Res } from '@nestjs/common';
import { ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RpcController } from '../../dialects/dialect-controllers.js';
import { Refuses, RpcNothing, RpcResult } from '../../dialects/documented.js';
import { RequestBody, RequestQuery } from '../../dialects/request.pipe.js';
import { InvalidRequest } from '../../errors/request.errors.js';
import { Priced } from '../../credits/priced.js';
import { CurrentHold, type CallHold } from '../../route-policy/price-policy.js';
import { directoryOf, type Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts, Public } from '../../route-policy/route-policy.js';
import { TooManyWrongCodes } from '../../tokens/tokens.errors.js';
import { InvalidEmail, UserNotFound } from '../../users/users.errors.js';
import { CodeRefused, PasswordRefused, TooBusy, TooManyMails } from '../auth.errors.js';
import type { CodeRequest } from '../code-sender.js';
import { EmailVerificationService } from '../email-verification.service.js';
import { MagicLinksService } from '../magic-links.service.js';
import { PasswordResetService } from '../password-reset.service.js';
import type { CodeMailRpcRequest } from './dto/code-mail.rpc.request.js';
import { ResetPasswordRpcRequest } from './dto/reset-password.rpc.request.js';
import { SendMagicLinkRpcRequest } from './dto/send-magic-link.rpc.request.js';
import { SendPasswordResetEmailRpcRequest } from './dto/send-password-reset-email.rpc.request.js';
import { SendVerificationEmailRpcRequest } from './dto/send-verification-email.rpc.request.js';
import { SessionRpcResponse } from './dto/session.rpc.response.js';
import { TokenRpcRequest } from './dto/token.rpc.request.js';
import { VerifyTokenRpcResponse } from './dto/verify-token.rpc.response.js';
import { sessionOrigin } from './session-origin.js';
import { verificationPage } from './verification-page.js';

const WITHOUT_PLACEHOLDER = new InvalidRequest([
  { field: 'text_content', message: 'text_content must contain its placeholder' },
]);
const PAGE = { 'text/html': { schema: { type: 'string' }, example: verificationPage('verified') } };

/** What is done with codes that are sent by mail to users of the caller's directory. */
@RpcController('user')
export class CodesRpcController {
  constructor(
    private readonly passwordReset: PasswordResetService,
    private readonly magicLinks: MagicLinksService,
    private readonly verification: EmailVerificationService,
  ) {}

  /**
   * Login using email only: passwordless.
   *
   * Sends the user a link to a page of yours. It is good for ten minutes and once, and a new one ends the one before.
   */
  @Post('SendMagicLink')
  @ForAccounts()
  @Priced('user.send_magic_link', { by: 'hold' })
  @RpcNothing()
  @Refuses(WITHOUT_PLACEHOLDER, new InvalidEmail(), new UserNotFound(), new TooManyMails(3600))
  async sendMagicLink(
    @CurrentPrincipal() principal: Principal,
    @CurrentHold() hold: CallHold | undefined,
    @RequestBody() body: SendMagicLinkRpcRequest,
  ): Promise<void> {
    await this.magicLinks.send(codeRequest(principal, body, hold), body);
  }

  /**
   * Send an email with a verification code to reset password. Call "ResetPassword" endpoint once user provides the code.
   *
   * The code is 8 letters and digits, and good once. A new one ends the one before; five wrong tries end it as well, and
   * then there is no other for a quarter of an hour.
   */
  @Post('SendPasswordResetEmail')
  @ForAccounts()
  @Priced('user.send_password_reset_email')
  @RpcNothing()
  @Refuses(
    WITHOUT_PLACEHOLDER,
    new InvalidEmail(),
    new UserNotFound(),
    new TooManyMails(3600),
    new TooManyWrongCodes(900),
  )
  async sendPasswordResetEmail(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: SendPasswordResetEmailRpcRequest,
  ): Promise<void> {
    await this.passwordReset.sendCode(codeRequest(principal, body), body.expiration);
  }

  /**
   * Send a verification email to a user.
   *
   * The link in it is good for a day, as often as it is followed; a new one ends the one before.
   */
  @Post('SendVerificationEmail')
  @ForAccounts()
  @Priced('user.send_verification_email', { by: 'hold' })
  @RpcNothing()
  @Refuses(WITHOUT_PLACEHOLDER, new InvalidEmail(), new UserNotFound(), new TooManyMails(3600))
  async sendVerificationEmail(
    @CurrentPrincipal() principal: Principal,
    @CurrentHold() hold: CallHold | undefined,
    @RequestBody() body: SendVerificationEmailRpcRequest,
  ): Promise<void> {
    await this.verification.send(codeRequest(principal, body, hold), {
      redirectUrl: body.redirect_url,
      failureRedirectUrl: body.failure_redirect_url,
    });
  }

  /** Reset password with a code sent by SendPasswordResetEmail. All sessions of the user end. */
  @Post('ResetPassword')
  @ForAccounts()
  @Priced('user.reset_password')
  @RpcNothing()
  @Refuses(
    new CodeRefused('code'),
    new PasswordRefused('confirm_password', 'must be the same as new_password'),
    new InvalidEmail(),
    new UserNotFound(),
    new TooBusy(5),
  )
  async resetPassword(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: ResetPasswordRpcRequest,
  ): Promise<void> {
    if (body.confirm_password !== body.new_password) {
      throw new PasswordRefused('confirm_password', 'must be the same as new_password');
    }
    await this.passwordReset.reset(directoryOf(principal), body.email, body.code, body.new_password);
  }

  /** Verify the email address of an account: by the token sent in an email to the user. */
  @Post('VerifyEmail')
  @ForAccounts()
  @Priced('user.verify_email')
  @RpcNothing()
  @Refuses(new CodeRefused('token'))
  async verifyEmail(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { token }: TokenRpcRequest,
  ): Promise<void> {
    if (!(await this.verification.verify(token, directoryOf(principal)))) {
      throw new CodeRefused('token');
    }
  }

  /**
   * The link in a verification email: verifies the address and sends the browser on.
   *
   * It may be followed more than once. A link whose URLs were changed leads nowhere.
   */
  @Get('VerifyEmail')
  @Public()
  @ApiQuery({ name: 'token', type: String, required: true, example: '3nTqcVWpKbX8fGh2sLr7Ya' })
  @ApiQuery({ name: 'redirectUrl', type: String, required: false, description: 'Where to go afterwards.' })
  @ApiQuery({ name: 'failureRedirectUrl', type: String, required: false, description: 'Where to go if it fails.' })
  @ApiQuery({ name: 'sig', type: String, required: true, description: 'Signs the two URLs.' })
  @ApiResponse({ status: 200, description: 'Verified, and no URL to go to', content: PAGE })
  @ApiResponse({
    status: 302,
    description: 'On to one of the two URLs',
    headers: { Location: { schema: { type: 'string', format: 'uri' } } },
  })
  @ApiResponse({ status: 400, description: 'Not verified, and no URL to go to', content: PAGE })
  async followLink(
    @RequestQuery() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const outcome = await this.verification.follow({
      token: textOf(query.token) ?? '',
      redirectUrl: textOf(query.redirectUrl),
      failureRedirectUrl: textOf(query.failureRedirectUrl),
      sig: textOf(query.sig) ?? '',
    });
    if (outcome.result !== 'touched' && outcome.redirectUrl !== undefined) {
      reply.status(302).header('location', outcome.redirectUrl);
      return '';
    }
    reply.status(outcome.result === 'verified' ? 200 : 400).type('text/html; charset=utf-8');
    return verificationPage(outcome.result);
  }

  /**
   * Check whether the token of a magic link is valid. The first time it is, the answer has a new session.
   *
   * Call it from the handler of the endpoint which is specified in the SendMagicLink request.
   */
  @Post('VerifyToken')
  @ForAccounts()
  @Priced('user.verify_token')
  @RpcResult(VerifyTokenRpcResponse)
  async verifyToken(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { token }: TokenRpcRequest,
    @Req() request: FastifyRequest,
  ): Promise<VerifyTokenRpcResponse> {
    const opened = await this.magicLinks.open(directoryOf(principal), token, sessionOrigin(request));
    return opened
      ? { is_valid: true, message: '', session: SessionRpcResponse.from(opened.session, opened.user) }
      : { is_valid: false, message: 'the token is not valid, or not any more', session: null };
  }
}

function codeRequest(
  principal: Principal,
  body: CodeMailRpcRequest & { text_content?: string | undefined },
  hold?: CallHold,
): CodeRequest {
  return {
    directoryId: directoryOf(principal),
    email: body.email,
    words: { fromName: body.from_name, subject: body.subject, text: body.text_content },
    hold,
  };
}

/** A parameter that is given twice is an array, which no link of ours has. */
function textOf(parameter: unknown): string | undefined {
  return parameter === undefined || typeof parameter === 'string' ? parameter : '';
}
