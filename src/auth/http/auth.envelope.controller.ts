import { Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Configuration } from '../../config/configuration.js';
import { EnvelopeController } from '../../dialects/dialect-controllers.js';
import { EnvelopeMessage, EnvelopeResult, Refuses } from '../../dialects/documented.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import { PLATFORM_DIRECTORY_ID, type Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers, Public } from '../../route-policy/route-policy.js';
import { UserNumbers } from '../../user-numbers/user-numbers.js';
import { InvalidLogin, PasswordRefused, TooBusy, TooManyAttempts, WrongOldPassword } from '../auth.errors.js';
import { AuthService } from '../auth.service.js';
import { sessionCookieOf } from '../guard/presented-credential.js';
import { ChangePasswordEnvelopeRequest } from './dto/change-password.envelope.request.js';
import { LoginEnvelopeRequest } from './dto/login.envelope.request.js';
import { LoginEnvelopeResponse } from './dto/login.envelope.response.js';
import { sessionOrigin } from './session-origin.js';
import { SETS_SESSION_COOKIE, setSessionCookie } from './session-cookie.js';

@EnvelopeController('Users')
export class AuthEnvelopeController {
  constructor(
    private readonly auth: AuthService,
    private readonly configuration: Configuration,
    private readonly numbers: UserNumbers,
  ) {}

  /**
   * Login: authenticate with email and password and receive a session token.
   *
   * The answer sets the cookie `session` too, so that a browser is logged in by it.
   */
  @Post('login')
  @Public()
  @EnvelopeResult(LoginEnvelopeResponse, { headers: SETS_SESSION_COOKIE })
  @Refuses(new InvalidLogin(), new TooManyAttempts(900), new TooBusy(5))
  async login(
    @RequestBody() body: LoginEnvelopeRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoginEnvelopeResponse> {
    const login = await this.auth.login({
      directoryId: PLATFORM_DIRECTORY_ID,
      user: { email: body.email },
      password: body.password,
      origin: sessionOrigin(request),
      isFromPerson: true,
      replacedSession: sessionCookieOf(request)?.text,
    });
    setSessionCookie(reply, login.session.text, this.configuration);
    return LoginEnvelopeResponse.from(login, this.numbers);
  }

  /**
   * Change password: needs the current one.
   *
   * All other sessions of the user end; the API key and the access token stay.
   */
  @Post('password/change')
  @ForUsers()
  @EnvelopeMessage('Password has been updated')
  @Refuses(
    new PasswordRefused('new_password', 'is one of the most common passwords; choose another'),
    new WrongOldPassword(),
    new TooManyAttempts(900),
    new TooBusy(5),
  )
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: ChangePasswordEnvelopeRequest,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const change = { oldPassword: body.old_password, newPassword: body.new_password };
    await this.auth.changeOwnPassword(principal, change, request.ip);
    return 'Password has been updated';
  }
}
