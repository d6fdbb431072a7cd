const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Length of 128 bits in base62. Even, because digits are taken in pairs. */
export const BASE62_LENGTH = 22;

/** Two digits are taken at a time: their texts, by value. */
const PAIRS = Array.from(ALPHABET).flatMap((first) => Array.from(ALPHABET, (second) => first + second));

/** The first 16 bytes as 22 letters and digits, big-endian, padded with zeros: every value has exactly one text. */
export function base62(bytes: Buffer): string {
  // Long division over limbs of 32 bits, in plain numbers: BigInt takes several times as long.
  const limbs = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
  let text = '';
  while (text.length < BASE62_LENGTH) {
    let remainder = 0;
    for (let i = 0; i < limbs.length; i++) {
      const dividend = remainder * 0x1_0000_0000 + limbs[i]!;
      limbs[i] = Math.floor(dividend / PAIRS.length);
      remainder = dividend - limbs[i]! * PAIRS.length;
    }
    text = PAIRS[remainder]! + text;
  }
  return text;
}
