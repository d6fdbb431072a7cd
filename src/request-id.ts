import { randomBytes } from 'node:crypto';

const ID_LENGTH = 32;
const IDS_AT_ONCE = 128;

let digits = '';

/** The caller's own id if it is harmless, so that a request can be followed across services. */
export function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : newRequestId();
}

/**
 * 128 random bits in hexadecimal, cut from a long text: `randomUUID` joins each one together of twenty parts, which takes longer,
 * and its reader as well.
 */
function newRequestId(): string {
  if (digits === '') {
    digits = randomBytes((IDS_AT_ONCE * ID_LENGTH) / 2).toString('hex');
  }
  const id = digits.slice(0, ID_LENGTH);
  digits = digits.slice(ID_LENGTH);
  return id;
}
