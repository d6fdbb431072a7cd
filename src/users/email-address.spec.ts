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
  ['JOSE\u0301@example.com', 'jos\u00e9@example.com'],
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

it('takes every ordinary address', () => {
  fc.assert(
    fc.property(fc.emailAddress({ size: 'small' }), (address) => {
      expect(canonicalEmail(address)).toBe(address.toLowerCase());
    }),
  );
});
