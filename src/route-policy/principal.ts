/** Who a user is, everywhere: the directory and the number within it. Both stand in the keys of every table that belongs to a user. */
export interface UserKey {
  directoryId: number;
  userId: number;
}

/** Only the key: a principal carries more, which must not get into the condition of a query. */
export function userKey({ directoryId, userId }: UserKey): UserKey {
  return { directoryId, userId };
}

export type CredentialKind = 'api_key' | 'access_token' | 'session';
export type Role = 'user' | 'admin';

/** The directory of the people who signed up here. Every other directory has the id of the account that owns it. */
export const PLATFORM_DIRECTORY_ID = 0;

/** Who is calling, as the guard found out. */
export interface Principal extends UserKey {
  accountId: number;
  role: Role;
  credential: PresentedCredential;
}

export interface PresentedCredential {
  /** The public half of the credential; useless without its MAC. */
  id: string;
  kind: CredentialKind;
  /** A browser sends the cookie by itself, so it proves less than a header does. */
  carrier: 'header' | 'cookie';
}
