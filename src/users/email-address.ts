import { domainToASCII } from 'node:url';
import { isEmail } from 'class-validator';

/** Longest address that SMTP can carry (RFC 5321, section 4.5.3.1.3). */
const EMAIL_LENGTH_MAX = 254;

/** Nothing that a URL parser would take for more than a name, and nothing that it would drop. */
const DOMAIN = /^[\p{L}\p{M}\p{N}.。．｡-]+$/u;

/**
 * The one form under which an address is unique and found: trimmed, in lower case, composed (NFC), its local part
 * without needless quotes, its domain in ASCII and without a trailing dot. Undefined when it is no address that mail can be sent to.
 */
export function canonicalEmail(text: string): string | undefined {
  const [, localPart, domain] = /^(.+)@([^@]+)$/.exec(text.trim()) ?? [];
  if (
    localPart === undefined ||
    domain === undefined ||
    !text.isWellFormed() ||
    text.length > 4 * EMAIL_LENGTH_MAX ||
    !DOMAIN.test(domain)
  ) {
    return undefined;
  }
  const name = unquoted(localPart).toLowerCase().normalize('NFC');
  const canonical = `${name}@${domainToASCII(domain.replace(/\.$/, '')).toLowerCase()}`;
  const isAddress = !name.includes('"') && isEmail(canonical, { allow_utf8_local_part: true });
  return isAddress && canonical.length <= EMAIL_LENGTH_MAX ? canonical : undefined;
}

/** `"alice"` and `alice` are one mailbox (RFC 5321, section 4.1.2). What can stand only in quotes is no address here. */
function unquoted(localPart: string): string {
  const [, inner] = /^"(.*)"$/.exec(localPart) ?? [];
  return inner === undefined ? localPart : inner.replace(/\\(.)/g, '$1');
}
