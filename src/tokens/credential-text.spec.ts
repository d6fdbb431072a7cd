import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { CredentialKind } from '../route-policy/principal.js';
import { SecretKeys } from '../secret-keys/secret-keys.js';
import { base62 } from './base62.js';
import { credentialText, newCredentialId, readCredentialText } from './credential-text.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KINDS: CredentialKind[] = ['api_key', 'access_token', 'session'];
const keys = new SecretKeys(['the first secret of these tests', 'the second secret of these tests']);
const first = keys.current('credential');
const second = keys.all('credential').at(1)!;

const claim = fc.record({
  kind: fc.constantFrom(...KINDS),
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => base62(Buffer.from(bytes))),
});

it('is read as what it was made of', () => {
  fc.assert(
    fc.property(claim, fc.constantFrom(first, second), (it, key) => {
      expect(readCredentialText(credentialText(it, key), [first, second])).toEqual(it);
    }),
  );
});

it('has 47 letters and digits, the first three for the kind', () => {
  fc.assert(
    fc.property(claim, (it) => {
      const prefix = { api_key: 'tgk', access_token: 'tga', session: 'tgs' }[it.kind];
      expect(credentialText(it, first)).toMatch(new RegExp(`^${prefix}[0-9A-Za-z]{44}$`));
    }),
  );
});

it('checklist 36: is refused with any one character changed, into any other', () => {
  const text = credentialText({ kind: 'session', id: newCredentialId() }, first);
  for (let i = 0; i < text.length; i++) {
    const withTheSameLowByte = String.fromCharCode(text.charCodeAt(i) + 0x100);
    for (const character of `${ALPHABET}-_+/= é${withTheSameLowByte}`) {
      const changed = text.slice(0, i) + character + text.slice(i + 1);
      expect([changed, readCredentialText(changed, [first])]).toEqual([
        changed,
        changed === text ? { kind: 'session', id: text.slice(3, 25) } : undefined,
      ]);
    }
  }
});

it('is refused cut, lengthened, in other case, or surrounded', () => {
  const text = credentialText({ kind: 'api_key', id: newCredentialId() }, first);
  const others = ['', text.slice(0, -1), text.slice(1), `${text}0`, ` ${text}`, `${text}\n`, text + text];
  for (const other of [...others, text.toUpperCase(), text.toLowerCase()]) {
    expect(readCredentialText(other, [first])).toBeUndefined();
  }
});

it('is refused as another kind', () => {
  const text = credentialText({ kind: 'session', id: newCredentialId() }, first);
  expect(readCredentialText(`tgk${text.slice(3)}`, [first])).toBeUndefined();
  expect(readCredentialText(`tga${text.slice(3)}`, [first])).toBeUndefined();
  expect(readCredentialText(`tgx${text.slice(3)}`, [first])).toBeUndefined();
});

it('is refused under another key, and under none', () => {
  const text = credentialText({ kind: 'session', id: newCredentialId() }, first);
  expect(readCredentialText(text, [second])).toBeUndefined();
  expect(readCredentialText(text, [])).toBeUndefined();
  expect(readCredentialText(text, [keys.current('password')])).toBeUndefined();
});

it('is refused with a MAC that is the same number in another writing', () => {
  const size = 1n << 128n;
  const id = Array.from({ length: 1000 }, newCredentialId).find((it) => macOf(it) + size < 62n ** 22n)!;
  const text = `tgs${id}${digits(macOf(id) + size)}`;
  expect(text).toHaveLength(47);
  expect(readCredentialText(text, [first])).toBeUndefined();
  expect(readCredentialText(`tgs${id}${digits(macOf(id))}`, [first])).toEqual({ kind: 'session', id });
});

it('has an id that does not repeat itself', () => {
  const ids = new Set(Array.from({ length: 1000 }, newCredentialId));
  expect(ids.size).toBe(1000);
});

function macOf(id: string): bigint {
  const mac = createHmac('sha256', first.bytes).update(`tgs${id}`).digest();
  return BigInt(`0x${mac.subarray(0, 16).toString('hex')}`);
}

function digits(value: bigint): string {
  let text = '';
  for (let rest = value; text.length < 22; rest /= 62n) {
    text = ALPHABET[Number(rest % 62n)]! + text;
  }
  return text;
}
