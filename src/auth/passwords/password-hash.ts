import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import type { DerivedKey } from '../../secret-keys/secret-keys.js';

export function costOf(hash: string): number {
  return bcrypt.getRounds(hash);
}

/** A well-formed hash that no password has, to spend the time of a comparison on. */
export function decoyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'tollgate'.repeat(7).slice(0, 52)}.`;
}

/**
 * What bcrypt gets to see: a keyed digest of the password's composed form (NFC). It is text of 44 characters, so that bcrypt's
 * limits (72 bytes, no NUL) cut nothing off, and its key makes a stolen table of hashes useless by itself.
 */
export function passwordDigest(password: string, key: DerivedKey): string {
  return createHmac('sha256', key.bytes).update(password.normalize('NFC')).digest('base64');
}
