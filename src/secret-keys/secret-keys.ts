import { hkdfSync } from 'node:crypto';

/** What a derived key is used for. Each purpose has keys of its own, so that none can stand in for another. */
const KEY_PURPOSES = ['credential', 'password', 'code', 'link'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

export interface DerivedKey {
  /** Names the secret key that this was derived from; stored beside what was made with it. Tells nothing about the key. */
  version: string;
  bytes: Buffer;
}

/**
 * The keys derived from SECRET_KEY (HKDF-SHA-256, RFC 5869). The first secret makes everything new; all of them
 * verify, so that the secret can be changed without breaking what was made before.
 */
export class SecretKeys {
  private readonly keys = new Map<KeyPurpose, [DerivedKey, ...DerivedKey[]]>();

  constructor([first, ...others]: readonly [string, ...string[]]) {
    for (const purpose of KEY_PURPOSES) {
      this.keys.set(purpose, [derive(first, purpose), ...others.map((secret) => derive(secret, purpose))]);
    }
  }

  /** All keys of a purpose, the signing one first. */
  all(purpose: KeyPurpose): readonly [DerivedKey, ...DerivedKey[]] {
    return this.keys.get(purpose)!;
  }

  current(purpose: KeyPurpose): DerivedKey {
    return this.all(purpose)[0];
  }

  /** Undefined once its secret is no longer configured. */
  ofVersion(purpose: KeyPurpose, version: string): DerivedKey | undefined {
    return this.all(purpose).find((key) => key.version === version);
  }
}

function derive(secret: string, purpose: KeyPurpose): DerivedKey {
  return {
    version: expand(secret, 'version', 6).toString('base64url'),
    bytes: expand(secret, purpose, 32),
  };
}

function expand(secret: string, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `tollgate/${label}`, length));
}
