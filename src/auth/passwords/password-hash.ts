import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import type { DerivedKey } from '../../secret-keys/secret-keys.js';

/**
 * bcrypt over a keyed digest of the password's composed form (NFC). The digest is text of 44 characters, so that
 * bcrypt's limits (72 bytes, no NUL) cut nothing off, and its key makes a stolen table of hashes useless by itself.
 */
export function hashPassword(password: string, key: DerivedKey, cost: number): Promise<string> {
  return bcrypt.hash(digest(password, key), cost);
}

export function isPassword(password: string, hash: string, key: DerivedKey): Promise<boolean> {
  return bcrypt.compare(digest(password, key), hash);
}

export function costOf(hash: string): number {
  return bcrypt.getRounds(hash);
}

/** A well-formed hash that no password has, to spend the time of a comparison on. */
export function decoyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'tollgate'.repeat(7).slice(0, 52)}.`;
}

function digest(password: string, key: DerivedKey): string {
  return createHmac('sha256', key.bytes).update(password.normalize('NFC')).digest('base64');
}
