import { SecretKeys } from './secret-keys.js';

const OLD = 'the old secret of these tests, long enough';
const NEW = 'the new secret of these tests, long enough';

it('derives the same keys on every process', () => {
  expect(new SecretKeys([OLD]).all('credential')).toEqual(new SecretKeys([OLD]).all('credential'));
});

it('has a key of its own for every purpose', () => {
  const keys = new SecretKeys([OLD]);
  expect(keys.current('credential').bytes.equals(keys.current('password').bytes)).toBe(false);
});

it('checklist 38: signs with the first, knows all by their versions, wherever they stand', () => {
  const old = new SecretKeys([OLD]);
  const both = new SecretKeys([NEW, OLD]);
  for (const purpose of ['credential', 'password'] as const) {
    expect(both.current(purpose)).toEqual(new SecretKeys([NEW]).current(purpose));
    expect(both.all(purpose)).toHaveLength(2);
    expect(both.ofVersion(purpose, old.current(purpose).version)).toEqual(old.current(purpose));
    expect(new SecretKeys([NEW]).ofVersion(purpose, old.current(purpose).version)).toBeUndefined();
    expect(both.ofVersion(purpose, '')).toBeUndefined();
  }
});

it('checklist 31: tells by its version nothing of the secret or the key', () => {
  const { version, bytes } = new SecretKeys([OLD]).current('credential');
  expect(version).toMatch(/^[\w-]{8}$/);
  expect(bytes.toString('base64url')).not.toContain(version);
  expect(OLD).not.toContain(version);
  expect(bytes).toHaveLength(32);
});
