import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { textMac } from './text-mac.js';

const asciiText = fc.string({ unit: 'binary-ascii', maxLength: 300 });

it('is what createHmac makes, whatever was asked before', () => {
  const keys = fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(keys, fc.array(asciiText, { maxLength: 10 }), (someKeys, texts) => {
      for (const [i, text] of texts.entries()) {
        const key = someKeys[i % someKeys.length]!;
        expect(textMac(text, key).toString('hex')).toBe(createHmac('sha256', key).update(text).digest('hex'));
      }
    }),
  );
});
