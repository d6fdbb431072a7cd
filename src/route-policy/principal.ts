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
  /** The account that pays; null for managed users, who have none of their own. */
  accountId: number | null;
  role: Role;
  credential: PresentedCredential;
  person: Person;
  /** Names their access token; null for managed users who have not asked for it yet. */
  accessToken: { id: string; keyVersion: string } | null;
}

/** What a caller is called. */
export interface Person {
  externalId: string;
  email: string;
  isEmailVerified: boolean;
  /** The chosen one; the email address where none was chosen. */
  username: string;
  name: string;
}

/**
 * The directory that a caller manages: administrators that of the platform, everybody else their own. Only on routes
 * for accounts.
 */
export function directoryOf({ role, accountId }: Principal): number {
  if (accountId === null) {
    throw new Error('Managed users manage nobody: the route is not for them.');
  }
  return role === 'admin' ? PLATFORM_DIRECTORY_ID : accountId;
}

export interface PresentedCredential {
  /** The public half of the credential; useless without its MAC. */
  id: string;
  kind: CredentialKind;
  /** A browser sends the cookie by itself, so it proves less than a header does. */
  carrier: 'header' | 'cookie';
}
