import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** What both hashes of a key begin with, and room for what follows. */
interface Pads {
  inner: Buffer;
  outer: Buffer;
}

const padsOfKeys = new WeakMap<Buffer, Pads>();

/**
 * HMAC-SHA-256 (RFC 2104) of a short ASCII text, 32 bytes that are good until the next call. The same as `createHmac`, in a quarter
 * of its time: that makes objects outside of the heap for every message, and the guard needs this for every request.
 *
 * @param key at most 64 bytes
 */
export function textMac(text: string, key: Buffer): Buffer {
  let pads = padsOfKeys.get(key);
  if (!pads) {
    pads = { inner: padded(key, 0x36, text.length), outer: padded(key, 0x5c, DIGEST_BYTES) };
    padsOfKeys.set(key, pads);
  }
  if (pads.inner.length !== BLOCK_BYTES + text.length) {
    pads.inner = padded(key, 0x36, text.length);
  }
  pads.inner.write(text, BLOCK_BYTES, 'latin1');
  pads.outer.write(hash('sha256', pads.inner, 'binary'), BLOCK_BYTES, 'latin1');
  result.write(hash('sha256', pads.outer, 'binary'), 'latin1');
  return result;
}

const result = Buffer.alloc(DIGEST_BYTES);

function padded(key: Buffer, mask: number, room: number): Buffer {
  const pad = Buffer.alloc(BLOCK_BYTES + room);
  key.copy(pad);
  for (let i = 0; i < BLOCK_BYTES; i++) {
    pad[i]! ^= mask;
  }
  return pad;
}
