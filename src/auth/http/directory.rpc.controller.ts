import { Post } from '@nestjs/common';
import { RpcController } from '../../dialects/dialect-controllers.js';
import { Refuses, RpcNothing, RpcResult } from '../../dialects/documented.js';
import { RequestBody } from '../../dialects/request.pipe.js';
import { InvalidRequest } from '../../errors/request.errors.js';
import { Priced } from '../../credits/priced.js';
import { directoryOf, type Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts } from '../../route-policy/route-policy.js';
import {
  EmailAlreadyRegistered,
  ExternalIdTaken,
  InvalidEmail,
  InvalidUsername,
  UserNotFound,
  UsernameTaken,
} from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { PasswordRefused, TooBusy } from '../auth.errors.js';
import { DirectoryService } from '../directory.service.js';
import { AccountListRpcResponse, AccountResultRpcResponse, AccountRpcResponse } from './dto/account.rpc.response.js';
import { CreateUserRpcRequest } from './dto/create-user.rpc.request.js';
import { DeleteUserRpcRequest } from './dto/delete-user.rpc.request.js';
import { ListUsersRpcRequest } from './dto/list-users.rpc.request.js';
import { ReadUserRpcRequest } from './dto/read-user.rpc.request.js';
import { UpdateUserRpcRequest } from './dto/update-user.rpc.request.js';

/** The users of the caller's directory. */
@RpcController('user')
export class DirectoryRpcController {
  constructor(
    private readonly directory: DirectoryService,
    private readonly users: UsersService,
  ) {}

  /** Create a new user account. The id, the email address and the username for the account must be unique. */
  @Post('Create')
  @ForAccounts()
  @Priced('user.create')
  @RpcResult(AccountResultRpcResponse)
  @Refuses(
    new InvalidEmail(),
    new InvalidUsername('username must have 1 to 64 letters, digits, dots, hyphens or underscores'),
    new PasswordRefused('password', 'must have 8 to 256 characters'),
    new EmailAlreadyRegistered(),
    new UsernameTaken(),
    new ExternalIdTaken(),
    new TooBusy(5),
  )
  async create(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { id: externalId, email, username, profile, password }: CreateUserRpcRequest,
  ): Promise<AccountResultRpcResponse> {
    const directoryId = directoryOf(principal);
    const user = await this.directory.create({ directoryId, externalId, email, username, profile }, password);
    return { account: AccountRpcResponse.from(user) };
  }

  /**
   * Delete an account by id.
   *
   * Its sessions and keys are dead when the answer arrives, and its mails are deleted, but for those on their way. Where an administrator deletes an account of the platform, the
   * users of its directory go with it; the ledger stays.
   */
  @Post('Delete')
  @ForAccounts()
  @Priced('user.delete')
  @RpcNothing()
  @Refuses(new UserNotFound())
  async delete(@CurrentPrincipal() principal: Principal, @RequestBody() body: DeleteUserRpcRequest): Promise<void> {
    await this.directory.delete(directoryOf(principal), body.id);
  }

  /** List all users. Returns a paged list of results, in the order in which they were created. */
  @Post('List')
  @ForAccounts()
  @Priced('user.list')
  @RpcResult(AccountListRpcResponse)
  async list(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() part: ListUsersRpcRequest,
  ): Promise<AccountListRpcResponse> {
    const users = await this.users.list(directoryOf(principal), part);
    return { users: users.map((user) => AccountRpcResponse.from(user)) };
  }

  /** Read an account by id, username or email. Only one need to be specified; the first of them counts. */
  @Post('Read')
  @ForAccounts()
  @Priced('user.read')
  @RpcResult(AccountResultRpcResponse)
  @Refuses(new UserNotFound())
  async read(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { id: externalId, username, email }: ReadUserRpcRequest,
  ): Promise<AccountResultRpcResponse> {
    if (externalId === undefined && username === undefined && email === undefined) {
      throw new InvalidRequest([{ field: 'id', message: 'one of id, username and email is needed' }]);
    }
    const user = await this.users.getBy(directoryOf(principal), { externalId, username, email });
    return { account: AccountRpcResponse.from(user) };
  }

  /**
   * Update the account username or email, or the profile. What is not given stays as it is.
   *
   * A changed email address is not verified.
   */
  @Post('Update')
  @ForAccounts()
  @Priced('user.update')
  @RpcNothing()
  @Refuses(
    new UserNotFound(),
    new InvalidEmail(),
    new InvalidUsername('username must have 1 to 64 letters, digits, dots, hyphens or underscores'),
    new EmailAlreadyRegistered(),
    new UsernameTaken(),
  )
  async update(
    @CurrentPrincipal() principal: Principal,
    @RequestBody() { id, email, username, profile }: UpdateUserRpcRequest,
  ): Promise<void> {
    await this.directory.update(directoryOf(principal), id, { email, username, profile });
  }
}
