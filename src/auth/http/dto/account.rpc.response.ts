import { ApiProperty } from '@nestjs/swagger';
import { unixSeconds } from '../../../dialects/rpc.dialect.js';
import type { UserView } from '../../../users/user.view.js';

/** A user of a directory. All of its fields are always there. */
export class AccountRpcResponse {
  /** @example "8b98acbe-0b6a-4d66-a414-5ffbf666786f" */
  id!: string;
  /**
   * The email address where no username was chosen.
   * @example "joe"
   */
  username!: string;
  /** @example "joe@example.com" */
  email!: string;
  /**
   * Unix time.
   * @example "1623677579"
   */
  created!: string;
  /**
   * Unix time.
   * @example "1623677579"
   */
  updated!: string;
  /**
   * Whether the email address is verified.
   * @example false
   */
  verified!: boolean;
  /**
   * Unix time; `"0"` if never.
   * @example "0"
   */
  verification_date!: string;
  /**
   * The same as `verification_date`.
   * @example "0"
   */
  verificationDate!: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: {} })
  profile!: Record<string, string>;

  static from(user: UserView): AccountRpcResponse {
    const verificationDate = unixSeconds(user.emailVerifiedAt);
    return {
      id: user.externalId,
      username: user.username,
      email: user.email,
      created: unixSeconds(user.createdAt),
      updated: unixSeconds(user.updatedAt),
      verified: user.emailVerifiedAt !== null,
      verification_date: verificationDate,
      verificationDate,
      profile: user.profile,
    };
  }
}

export class AccountResultRpcResponse {
  account!: AccountRpcResponse;
}

export class AccountListRpcResponse {
  users!: AccountRpcResponse[];
}
