import fc from 'fast-check';
import { canonicalEmail } from './email-address.js';

it.each([
  ['alice@example.com', 'alice@example.com'],
  [' \tAlice@EXAMPLE.com\r\n', 'alice@example.com'],
  ['alice@example.com.', 'alice@example.com'],
  ['"alice"@example.com', 'alice@example.com'],
  ['"Al\\ice"@example.com', 'alice@example.com'],
  ['alice+news@example.com', 'alice+news@example.com'],
  ['a.l.i.c.e@example.com', 'a.l.i.c.e@example.com'],
  ["o'hara&co/x=y@example.com", "o'hara&co/x=y@example.com"],
  ['alice@MÜNCHEN.example', 'alice@xn--mnchen-3ya.example'],
  ['alice@xn--mnchen-3ya.example', 'alice@xn--mnchen-3ya.example'],
  ['alice@example。com', 'alice@example.com'],
  ['alice@mu\u0308nchen.example', 'alice@xn--mnchen-3ya.example'],
  ['JOSe\u0301@example.com', 'jos\u00e9@example.com'],
  ['JOSE\u0301@example.com', 'jos\u00c9@example.com'],
  ['\u0130@example.com', '\u0130@example.com'],
  ['用户@例子.中国', '用户@xn--fsqu00a.xn--fiqs8s'],
])('checklist 22: %j is %j', (text, canonical) => {
  expect(canonicalEmail(text)).toBe(canonical);
});

it.each([
  '',
  ' ',
  '@',
  'alice',
  'alice@',
  '@example.com',
  'alice@localhost',
  'alice@example',
  'alice@example..com',
  'alice@example.com..',
  'alice@.example.com',
  'alice@-example.com',
  'alice@exam_ple.com',
  'alice@127.0.0.1',
  'alice@0x7f.1',
  'alice@[127.0.0.1]',
  'alice@[::1]',
  'alice@@example.com',
  'alice@home@example.com',
  '.alice@example.com',
  'alice.@example.com',
  'al..ice@example.com',
  'al ice@example.com',
  '"al ice"@example.com',
  '"a@b"@example.com',
  '"a,b"@example.com',
  '"alice@example.com',
  '""@example.com',
  'Alice <alice@example.com>',
  'alice@example.com,bob@example.com',
  'alice@example.com bob@example.com',
  'alice@example.com:25',
  'alice@example.com/x',
  'alice@example.com?x',
  'alice@example.com#x',
  'alice@example.com\\x',
  'alice@exam%70le.com',
  'alice@exam\nple.com',
  'alice@exam\tple.com',
  'alice@exam\u00adple.com',
  'alice@exam\u200bple.com',
  'alice@example.com\r\nBcc: bob@example.com',
  'alice\r\nBcc: bob@example.com',
  'al\nice@example.com',
  'al\u0000ice@example.com',
  'alice@exa\u0000mple.com',
  'al\ud800ice@example.com',
  'mi\u212ae@example.com',
  'al\u1fefice@example.com',
  'al\u037eice@example.com',
  'al\u200bice@example.com',
  'al\u00adice@example.com',
  'al\u3000ice@example.com',
  '\u202eecila@example.com',
  `${'a'.repeat(65)}@example.com`,
  `alice@${'a'.repeat(64)}.com`,
  `alice@${'a.'.repeat(160)}com`,
  `${'a'.repeat(320)}@example.com`,
  `alice@${'@'.repeat(100_000)}`,
  '@'.repeat(100_000),
])('checklist 22: %j is no address', (text) => {
  expect(canonicalEmail(text)).toBeUndefined();
});

it('has one canonical form, which is its own', () => {
  const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 });
  const domain = fc.oneof(
    fc.domain(),
    part.map((label) => `${label}.example`),
  );
  fc.assert(
    fc.property(
      fc.tuple(
        fc.oneof(
          part,
          fc.emailAddress().map((it) => it.split('@')[0]!),
        ),
        domain,
      ),
      ([local, host]) => {
        const canonical = canonicalEmail(`${local}@${host}`);
        fc.pre(canonical !== undefined);
        expect(canonicalEmail(canonical)).toBe(canonical);
        expect(canonicalEmail(` ${canonical}. `)).toBe(canonical);
        expect(canonical.length).toBeLessThanOrEqual(254);
        expect(canonical).not.toMatch(/\s/);
      },
    ),
  );
});

it('is the mailbox that was given, but for NFC and the case of ASCII', () => {
  const unit = fc.oneof(
    fc.constantFrom(
      ...'aKZ9.+!"\\eE\u0301\u00c9\u0130\u0131\u017f\u212a\u212b\u1fef\u037e\uff21\u1e9e\u03a3\u200b\u2028\u3000',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  const isAscii = (text: string) => /^\p{ASCII}*$/u.test(text);
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1, maxLength: 8 }), (local) => {
      const canonical = canonicalEmail(`${local}@example.com`);
      fc.pre(canonical !== undefined);
      const name = canonical.slice(0, canonical.lastIndexOf('@'));
      const given = local.trim().replace(/^"(.*)"$/, (_, inner: string) => inner.replace(/\\(.)/g, '$1'));
      expect(name).toBe(given.normalize('NFC').replace(/[A-Z]+/g, (letters) => letters.toLowerCase()));
      expect([...given].filter((it) => isAscii(it.normalize('NFC')) && !isAscii(it))).toEqual([]);
      expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u);
    }),
    { numRuns: 1_000 },
  );
});

it('takes every ordinary address', () => {
  fc.assert(
    fc.property(fc.emailAddress({ size: 'small' }), (address) => {
      expect(canonicalEmail(address)).toBe(address.toLowerCase());
    }),
  );
});
