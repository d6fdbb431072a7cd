import { Matches } from 'class-validator';
import { RpcRequest } from '../../../dialects/rpc.request.js';
import { TextMap } from '../../../dialects/rpc-fields.js';
import { Optional, PasswordText, Text } from '../../../dialects/request-fields.js';

export class CreateUserRpcRequest extends RpcRequest {
  /**
   * The email address.
   * @example "joe@example.com"
   */
  @Text({ min: 1, max: 320 })
  email!: string;

  /**
   * Optional account id: 1 to 64 letters, digits, dots, hyphens or underscores. One is made up when it is not given.
   * @example "user-1"
   */
  @Optional()
  @Matches(/^[A-Za-z0-9._-]{1,64}$/, {
    message: 'id must have 1 to 64 letters of A to Z, digits, dots, hyphens or underscores',
  })
  id?: string;

  /**
   * The user password: 8 to 256 characters.
   * @example "Password1"
   */
  @PasswordText()
  password!: string;

  /** Optional user profile as map<string,string>, of up to 16,384 characters. */
  @Optional()
  @TextMap()
  profile?: Record<string, string>;

  /**
   * The username: up to 64 letters, digits, dots, hyphens or underscores, or an email address.
   * @example "joe"
   */
  @Optional()
  @Text({ max: 320 })
  username?: string;
}
