import { FF1 } from '@noble/ciphers/ff1.js';

const DIGITS = 15; // all below 2^53, which is as far as JSON's integers are exact (RFC 8259, section 6)

/**
 * The numbers that users are shown as. Users of all directories draw their ids from one sequence, so an id tells how many
 * were made before it, by anybody. The number is the id, encrypted to one of fifteen digits (FF1, NIST SP 800-38G): no two
 * users have the same one, a user's never changes, and numbers tell nothing of each other.
 */
export class UserNumbers {
  private readonly cipher: ReturnType<typeof FF1>;

  /** @param key of 16, 24 or 32 bytes; with another one every number is another */
  constructor(key: Uint8Array) {
    this.cipher = FF1(10, key);
  }

  of({ userId }: { userId: number }): number {
    const digits = Array.from(String(userId).padStart(DIGITS, '0'), Number);
    return Number(this.cipher.encrypt(digits).join(''));
  }
}
