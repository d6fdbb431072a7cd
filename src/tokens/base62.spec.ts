import fc from 'fast-check';
import { BASE62_LENGTH, base62, isBase62 } from './base62.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const sixteenBytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));

function valueOf(text: string): bigint {
  return [...text].reduce((value, digit) => value * 62n + BigInt(ALPHABET.indexOf(digit)), 0n);
}

it('is the number in 22 digits of base 62', () => {
  fc.assert(
    fc.property(sixteenBytes, (bytes) => {
      const text = base62(bytes);
      expect(text).toMatch(/^[0-9A-Za-z]{22}$/);
      expect(valueOf(text)).toBe(BigInt(`0x${bytes.toString('hex')}`));
    }),
  );
});

it.each([
  ['nothing', Buffer.alloc(16), '0'.repeat(BASE62_LENGTH)],
  ['one', Buffer.from('1'.padStart(32, '0'), 'hex'), '1'.padStart(BASE62_LENGTH, '0')],
  ['61', Buffer.from('3d'.padStart(32, '0'), 'hex'), 'z'.padStart(BASE62_LENGTH, '0')],
  ['62', Buffer.from('3e'.padStart(32, '0'), 'hex'), '10'.padStart(BASE62_LENGTH, '0')],
  ['everything', Buffer.alloc(16, 0xff), '7n42DGM5Tflk9n8mt7Fhc7'],
])('writes %s', (_, bytes, text) => {
  expect(base62(bytes)).toBe(text);
});

it('reads the first 16 bytes and leaves them alone', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7));
  const copy = Buffer.from(bytes);
  expect(base62(bytes)).toBe(base62(bytes.subarray(0, 16)));
  expect(bytes).toEqual(copy);
});

it('tells its digits from all other characters', () => {
  for (let code = 0; code < 0x1000; code++) {
    const character = String.fromCharCode(code);
    expect([character, isBase62(`a${character}Z`)]).toEqual([character, ALPHABET.includes(character)]);
  }
});
