import { Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RpcController } from '../../dialects/dialect-controllers.js';
import { Refuses, RpcNothing, RpcResult } from '../../dialects/documented.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import { InvalidRequest } from '../../errors/request.errors.js';
import { Priced } from '../../credits/priced.js';
import { directoryOf, type Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts } from '../../route-policy/route-policy.js';
import { SessionNotFound } from '../../tokens/tokens.errors.js';
import { TokensService } from '../../tokens/tokens.service.js';
import { UserNotFound } from '../../users/users.errors.js';
import { InvalidLogin, PasswordRefused, TooBusy, TooManyAttempts, WrongOldPassword } from '../auth.errors.js';
import { AuthService } from '../auth.service.js';
import { DirectoryService } from '../directory.service.js';
import { AccountRpcResponse } from './dto/account.rpc.response.js';
import { LoginRpcRequest } from './dto/login.rpc.request.js';
import { SessionIdRpcRequest } from './dto/session-id.rpc.request.js';
import {
  SessionAndAccountRpcResponse,
  SessionResultRpcResponse,
  SessionRpcResponse,
} from './dto/session.rpc.response.js';
import { UpdatePasswordRpcRequest } from './dto/update-password.rpc.request.js';
import { UserIdRpcRequest } from './dto/user-id.rpc.request.js';
import { sessionOrigin } from './session-origin.js';

/** The sessions and passwords of the users of the caller's directory. */
@RpcController('user')
export class AuthRpcController {
  constructor(
    private readonly auth: AuthService,
    private readonly directory: DirectoryService,
    private readonly tokens: TokensService,
  ) {}

  /** Login using username or email. The response will return a new session for successful login. */
  @Post('Login')
  @ForAccounts()
  @Priced('user.login')
  @RpcResult(SessionResultRpcResponse)
  @Refuses(new InvalidLogin(), new TooManyAttempts(900), new TooBusy(5))
  async login(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { username, email, password }: LoginRpcRequest,
    @Req() request: FastifyRequest,
  ): Promise<SessionResultRpcResponse> {
    if (username === undefined && email === undefined) {
      throw new InvalidRequest([{ field: 'username', message: 'one of username and email is needed' }]);
    }
    const { session, user } = await this.auth.login({
      directoryId: directoryOf(principal),
      user: { username, email },
      password,
      origin: sessionOrigin(request),
      isFromPerson: false,
    });
    return { session: SessionRpcResponse.from(session, user) };
  }

  /** Logout a user account: end the session. */
  @Post('Logout')
  @ForAccounts()
  @Priced('user.logout')
  @RpcNothing()
  @Refuses(new SessionNotFound())
  async logout(@CurrentPrincipal() principal: Principal, @RequestBody() body: SessionIdRpcRequest): Promise<void> {
    await this.tokens.endSessionIn(directoryOf(principal), body.session_id);
  }

  /** Logout of all user's sessions. */
  @Post('LogoutAll')
  @ForAccounts()
  @Priced('user.logout_all')
  @RpcNothing()
  @Refuses(new UserNotFound())
  async logoutAll(@CurrentPrincipal() principal: Principal, @RequestBody() body: UserIdRpcRequest): Promise<void> {
    await this.directory.endSessionsOf(directoryOf(principal), body.user_id);
  }

  /** Read a session by the session id. In the event it has expired or is not found an error is returned. */
  @Post('ReadSession')
  @ForAccounts()
  @Priced('user.read_session')
  @RpcResult(SessionAndAccountRpcResponse)
  @Refuses(new SessionNotFound())
  async readSession(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: SessionIdRpcRequest,
  ): Promise<SessionAndAccountRpcResponse> {
    const { session, user } = await this.directory.readSession(directoryOf(principal), body.session_id);
    return { session: SessionRpcResponse.from(session, user), account: AccountRpcResponse.from(user) };
  }

  /** Update the account password. All sessions of the user end. */
  @Post('UpdatePassword')
  @ForAccounts()
  @Priced('user.update_password')
  @RpcNothing()
  @Refuses(
    new UserNotFound(),
    new WrongOldPassword(),
    new PasswordRefused('confirm_password', 'must be the same as new_password'),
    new TooManyAttempts(900),
    new TooBusy(5),
  )
  async updatePassword(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() body: UpdatePasswordRpcRequest,
  ): Promise<void> {
    if (body.confirm_password !== body.new_password) {
      throw new PasswordRefused('confirm_password', 'must be the same as new_password');
    }
    await this.auth.changePasswordOf(directoryOf(principal), body.user_id, {
      oldPassword: body.old_password,
      newPassword: body.new_password,
    });
  }
}
