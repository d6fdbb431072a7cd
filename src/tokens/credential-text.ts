import { randomBytes } from 'node:crypto';
import type { CredentialKind } from '../route-policy/principal.js';
import { textMac } from '../secret-keys/text-mac.js';
import type { DerivedKey } from '../secret-keys/secret-keys.js';
import { BASE62_LENGTH, base62, base62Characters, isBase62 } from './base62.js';

/**
 * The text of a credential: three letters for its kind, a random 128-bit id, and 128 bits of an HMAC-SHA-256 of both,
 * all letters and digits, 47 in all. Whoever holds the key can tell a forged one without asking anybody, and can make
 * the text again from the id, so the text itself is stored nowhere.
 */

const PREFIXES = { api_key: 'tgk', access_token: 'tga', session: 'tgs' } as const satisfies Record<
  CredentialKind,
  string
>;
const KINDS = new Map<string, CredentialKind>(
  (Object.keys(PREFIXES) as CredentialKind[]).map((kind) => [PREFIXES[kind], kind]),
);
const PREFIX_LENGTH = 3;
const MAC_AT = PREFIX_LENGTH + BASE62_LENGTH;
const LENGTH = MAC_AT + BASE62_LENGTH;

export interface CredentialClaim {
  kind: CredentialKind;
  id: string;
}

export function newCredentialId(): string {
  return base62(randomBytes(16));
}

export function credentialText({ kind, id }: CredentialClaim, key: DerivedKey): string {
  const message = PREFIXES[kind] + id;
  return message + base62(textMac(message, key.bytes));
}

/** What a text claims, if one of the keys made it; undefined for anything else. Whether it still holds is for the database to say. */
export function readCredentialText(text: string, keys: readonly DerivedKey[]): CredentialClaim | undefined {
  const kind = KINDS.get(text.slice(0, PREFIX_LENGTH));
  if (kind === undefined || text.length !== LENGTH || !isBase62(text)) {
    return undefined;
  }
  const message = text.slice(0, MAC_AT);
  for (const key of keys) {
    if (endsWith(text, base62Characters(textMac(message, key.bytes)))) {
      return { kind, id: message.slice(PREFIX_LENGTH) };
    }
  }
  return undefined;
}

/** Takes as long whichever characters differ. `timingSafeEqual` would need both copied into buffers first, for every request. */
function endsWith(text: string, characters: Buffer): boolean {
  const start = text.length - characters.length;
  let difference = 0;
  for (let i = 0; i < characters.length; i++) {
    difference |= characters[i]! ^ text.charCodeAt(start + i);
  }
  return difference === 0;
}
