import { Delete, Get, Param, Post, Res } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Configuration } from '../../config/configuration.js';
import { RestController } from '../../dialects/dialect-controllers.js';
import { Refuses, RestNothing, RestResult } from '../../dialects/documented.js';
import { NoFieldsRequest } from '../../dialects/no-fields.request.js';
import { PageRequest } from '../../dialects/page.request.js';
import { CURSOR_TIME, decodeCursor, pageOf } from '../../dialects/page.js';
import { RequestBody, RequestQuery } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForUsers, Public } from '../../route-policy/route-policy.js';
import { SessionNotFound } from '../../tokens/tokens.errors.js';
import { TokensService, type SessionPosition } from '../../tokens/tokens.service.js';
import { InvalidEmail, InvalidUsername, UsernameTaken } from '../../users/users.errors.js';
import { PasswordRefused, SignUpClosed, TooBusy } from '../auth.errors.js';
import { RegistrationService } from '../registration.service.js';
import { SessionListRestResponse, SessionRestResponse } from './dto/session.rest.response.js';
import { SignUpRestRequest } from './dto/sign-up.rest.request.js';
import { SignUpRestResponse } from './dto/sign-up.rest.response.js';
import { CLEARS_SESSION_COOKIE, clearSessionCookie } from './session-cookie.js';

@RestController('Users', 'users')
export class AuthRestController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly tokens: TokensService,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Sign up. A new address can log in at once; the answer for a known one is the same.
   *
   * The owner of a known address gets a mail, and nothing else happens.
   */
  @Post()
  @Public()
  @RestResult(SignUpRestResponse, { status: 202 })
  @Refuses(
    new InvalidEmail(),
    new InvalidUsername('username must have 1 to 64 letters, digits, dots, hyphens or underscores'),
    new PasswordRefused('password', 'is one of the most common passwords; choose another'),
    new SignUpClosed(),
    new UsernameTaken(),
    new TooBusy(5),
  )
  async signUp(@RequestBody() body: SignUpRestRequest): Promise<SignUpRestResponse> {
    await this.registration.signUp(body);
    return {
      message:
        'If this address was not registered yet, it is now, and you can log in. Otherwise its owner gets a mail.',
    };
  }

  /** Log out: end the session that this request is made with. */
  @Post('me/logout')
  @ForUsers({ credentials: ['session'] })
  @RestNothing({ headers: CLEARS_SESSION_COOKIE })
  @Refuses(new SessionNotFound())
  async logout(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() _: NoFieldsRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.tokens.endSession(principal, principal.credential.id);
    clearSessionCookie(reply, this.configuration);
  }

  /** List my sessions, newest first. */
  @Get('me/sessions')
  @ForUsers()
  @RestResult(SessionListRestResponse)
  async listSessions(
    @CurrentPrincipal() principal: Principal,
    @RequestQuery() page: PageRequest,
  ): Promise<SessionListRestResponse> {
    const after = page.cursor === undefined ? undefined : sessionPosition(page.cursor);
    const sessions = await this.tokens.listSessions(principal, page.limit + 1, after);
    return pageOf(
      sessions,
      page.limit,
      (session) => SessionRestResponse.from(session, principal.credential.id),
      (session) => [session.createdAt.toISOString(), session.id],
    );
  }

  /** End all my sessions, this one included. API key and access token stay. */
  @Delete('me/sessions')
  @ForUsers()
  @RestNothing({ headers: CLEARS_SESSION_COOKIE })
  async endSessions(
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.tokens.endSessions(principal);
    clearSessionCookie(reply, this.configuration);
  }

  /** End one of my sessions: the one with this `id` in the list. */
  @Delete('me/sessions/:id')
  @ForUsers()
  @RestNothing()
  @Refuses(new SessionNotFound())
  @ApiParam({
    name: 'id',
    description: 'As the list of sessions names it.',
    schema: { type: 'string', example: '0Kx3uVwq6cX1ZrTq8b2DfA' },
  })
  async endSession(@CurrentPrincipal() principal: Principal, @Param('id') id: string): Promise<void> {
    await this.tokens.endSession(principal, id);
  }
}

function sessionPosition(cursor: string): SessionPosition {
  const [createdAt, id] = decodeCursor(cursor, CURSOR_TIME, /^[0-9A-Za-z]{22}$/);
  return { createdAt: createdAt!, id: id! };
}
