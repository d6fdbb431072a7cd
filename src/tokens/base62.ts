const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Length of 128 bits in base62. */
export const BASE62_LENGTH = 22;

/** As many digits as fit, with a limb of 32 bits behind them, into a number without loss: 62^3 · 2^32 < 2^53. */
const DIGITS_AT_A_TIME = 3;
const DIVISOR = 62 ** DIGITS_AT_A_TIME;

/** The first 16 bytes as 22 letters and digits, big-endian, padded with zeros: every value has exactly one text. */
export function base62(bytes: Buffer): string {
  // Long division over limbs of 32 bits, in plain numbers: BigInt takes several times as long.
  const limbs = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
  let text = '';
  while (text.length < BASE62_LENGTH) {
    let remainder = 0;
    for (let i = 0; i < limbs.length; i++) {
      const dividend = remainder * 0x1_0000_0000 + limbs[i]!;
      limbs[i] = Math.floor(dividend / DIVISOR);
      remainder = dividend - limbs[i]! * DIVISOR;
    }
    for (let i = 0; i < DIGITS_AT_A_TIME && text.length < BASE62_LENGTH; i++) {
      text = ALPHABET[remainder % 62]! + text;
      remainder = Math.floor(remainder / 62);
    }
  }
  return text;
}
