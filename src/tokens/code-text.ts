import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { DerivedKey } from '../secret-keys/secret-keys.js';
import { base62 } from './base62.js';

export type CodePurpose = 'email_verification' | 'password_reset' | 'magic_link';

/** No 0 and O, no 1, I and L: nobody has to guess what they are looking at. */
const UNAMBIGUOUS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const TYPED_LENGTH = 8;

/** To be read in a mail and typed elsewhere: 8 letters and digits. So short that tries must be counted. */
export function newTypedCode(): string {
  return Array.from({ length: TYPED_LENGTH }, () => UNAMBIGUOUS[randomInt(UNAMBIGUOUS.length)]).join('');
}

/** As it was made, however it was typed or pasted. */
export function typedCode(text: string): string {
  return text.replace(/[\s-]/g, '').toUpperCase();
}

/** To be followed in a link: 128 bits in letters and digits, beyond guessing. */
export function newLinkToken(): string {
  return base62(randomBytes(16));
}

/**
 * What is kept of a code. The purpose is part of it, so that no code can stand in for another; so is the holder of a
 * code that is short enough for two people to get the same.
 */
export function codeDigest(key: DerivedKey, purpose: CodePurpose, text: string, holder = ''): string {
  return createHmac('sha256', key.bytes).update([purpose, holder, text].join('\0')).digest('base64url');
}
