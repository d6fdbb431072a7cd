import { PLATFORM_DIRECTORY_ID } from '../../route-policy/principal.js';
import { PasswordRefused } from '../auth.errors.js';

const LENGTH_MIN = 8;
const LENGTH_MAX = 256;

/** What a password must not be, because it is the first guess. */
export interface Person {
  directoryId: number;
  email: string;
  username?: string | undefined;
  name?: string | undefined;
}

/**
 * 8 to 256 characters; in the platform directory, not among the most common passwords, and not the person's own email or
 * name either. No classes of characters are asked for (NIST SP 800-63B, section 3.1.1.2).
 *
 * @param field what the request calls the password
 * @throws PasswordRefused with the reason
 */
export async function checkPassword(password: string, person: Person, field: string): Promise<void> {
  const length = Array.from(password.normalize('NFC')).length;
  if (length < LENGTH_MIN || length > LENGTH_MAX) {
    throw new PasswordRefused(field, `must have ${LENGTH_MIN} to ${LENGTH_MAX} characters`);
  }
  if (person.directoryId !== PLATFORM_DIRECTORY_ID) {
    return;
  }
  const plain = comparable(password);
  if (ownNames(person).includes(withoutSpaces(plain))) {
    throw new PasswordRefused(field, 'must not be your email address or your name');
  }
  if ((await commonPasswords()).has(plain)) {
    throw new PasswordRefused(field, 'is one of the most common passwords; choose another');
  }
}

function ownNames({ email, username, name }: Person): string[] {
  const names = [email, email.split('@', 1)[0], username, name];
  return names.filter((it): it is string => Boolean(it)).map((it) => withoutSpaces(comparable(it)));
}

function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, '');
}

function comparable(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}

let loaded: Promise<ReadonlySet<string>> | undefined;

/** 49,000 passwords, loaded when the first is chosen: most processes never need them. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].filter((password) => password.length >= LENGTH_MIN)),
  );
  return loaded;
}
