const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Length of 128 bits in base62. */
export const BASE62_LENGTH = 22;

/** Digits are written in pairs: the two characters of each, by value. */
const PAIRS = asPairs(
  Buffer.from(
    Array.from(ALPHABET)
      .flatMap((first) => Array.from(ALPHABET, (second) => first + second))
      .join(''),
  ),
);
const TWO_DIGITS = PAIRS.length;
const FOUR_DIGITS = TWO_DIGITS ** 2;

/** By character code: whether it is a digit. */
const IS_DIGIT = Uint8Array.from({ length: 128 }, (_, code) => Number(ALPHABET.includes(String.fromCharCode(code))));

/** Limbs are of 24 bits. A number, as V8 raises to powers anew each time. */
const LIMB = 0x1_00_00_00;
const LIMBS = 6;
const limbs = new Float64Array(LIMBS);
const text = Buffer.alloc(BASE62_LENGTH);
const pairs = asPairs(text);

/** The first 16 bytes as 22 letters and digits, big-endian, padded with zeros: every value has exactly one text. */
export function base62(bytes: Buffer): string {
  return base62Characters(bytes).toString('latin1');
}

/** The same as characters, which are good until the next call. */
export function base62Characters(bytes: Buffer): Buffer {
  // Long division over limbs of 24 bits in plain numbers, which hold the dividends exactly: BigInt takes several times as long.
  limbs[0] = bytes[0]!;
  for (let i = 1; i < LIMBS; i++) {
    limbs[i] = bytes.readUIntBE(3 * i - 2, 3);
  }
  for (let first = 0; first < LIMBS - 1; first++) {
    // Four digits are nearly a limb: the quotient of each division is one limb shorter.
    let remainder = 0;
    for (let i = first; i < LIMBS; i++) {
      const dividend = remainder * LIMB + limbs[i]!;
      limbs[i] = Math.floor(dividend / FOUR_DIGITS);
      remainder = dividend - limbs[i]! * FOUR_DIGITS;
    }
    const upper = Math.floor(remainder / TWO_DIGITS);
    pairs[9 - 2 * first] = PAIRS[upper]!;
    pairs[10 - 2 * first] = PAIRS[remainder - upper * TWO_DIGITS]!;
  }
  pairs[0] = PAIRS[limbs[LIMBS - 1]!]!;
  return text;
}

/** Whether all characters are digits. A regular expression takes four times as long, and every credential is asked. */
export function isBase62(characters: string): boolean {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    if (code >= IS_DIGIT.length || IS_DIGIT[code] === 0) {
      return false;
    }
  }
  return true;
}

function asPairs({ buffer, byteOffset, byteLength }: Buffer): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}
