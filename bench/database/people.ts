import { createHash } from 'node:crypto';
import type { CredentialKind } from '../../src/route-policy/principal.js';
import { SecretKeys } from '../../src/secret-keys/secret-keys.js';
import { credentialText } from '../../src/tokens/credential-text.js';

/**
 * The people of a benchmark's database. Everything about the person with number n follows from n, in SQL (`seed.ts`)
 * and here alike, so that credentials need not be read from a million rows.
 */

/** Every side runs with this SECRET_KEY. */
export const SECRET_KEY = 'the secret key of benchmarks is worth nothing';
export const PASSWORD = 'the password of everybody here';

const KEYS = new SecretKeys([SECRET_KEY]);

/** The number of the administrator; ids of users and accounts are the numbers themselves. */
export const ADMINISTRATOR = 1;
/** The number of the first person who is not the administrator. */
export const FIRST_PERSON = 2;

export function emailOf(person: number): string {
  return `person-${person}@bench.example`;
}

/** In the directory that `FIRST_PERSON` manages. */
export function memberIdOf(member: number): string {
  return `member-${member}`;
}

/** The text of a credential, derived as the server derives it. */
export function credentialOf(person: number, kind: CredentialKind): string {
  return credentialText({ kind, id: credentialId(person, kind) }, KEYS.current('credential'));
}

/** Well-formed and with the right MAC, but nobody's: what a credential becomes when it is revoked. */
export function unknownCredential(number: number): string {
  return credentialText({ kind: 'api_key', id: credentialId(number, 'nobody') }, KEYS.current('credential'));
}

/** Well-formed, but its MAC was made up. */
export function forgedCredential(number: number): string {
  return `tgk${credentialId(number, 'forged')}${credentialId(number, 'mac')}`;
}

/** Scattered like the random ids that the server makes; `seed.ts` computes the same in SQL. */
function credentialId(person: number, kind: string): string {
  return createHash('md5').update(`${kind}:${person}`).digest('hex').slice(0, 22);
}

export const KEY_VERSION = KEYS.current('credential').version;
export const PASSWORD_KEY = KEYS.current('password');
