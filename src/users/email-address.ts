import { domainToASCII } from 'node:url';
import { isEmail } from 'class-validator';

/** Longest address that SMTP can carry (RFC 5321, section 4.5.3.1.3). */
const EMAIL_LENGTH_MAX = 254;

/** Nothing that a URL parser would take for more than a name, and nothing that it would drop. */
const DOMAIN = /^[\p{L}\p{M}\p{N}.。．｡-]+$/u;

/** What nobody sees, and the three characters that NFC makes ASCII, such as the Kelvin sign: to a mail server, other mailboxes. */
const NOT_IN_A_LOCAL_PART = /[\p{Cf}\p{Z}\u037e\u1fef\u212a]/u;

/**
 * The one form under which an address is unique and found: trimmed, composed (NFC), its local part without needless
 * quotes and with the letters of ASCII in lower case, its domain in ASCII and without a trailing dot. Other letters stay
 * as they are, because mail servers fold no others: a mail to this form reaches the mailbox that was given. Undefined when
 * it is no address that mail can be sent to.
 */
export function canonicalEmail(text: string): string | undefined {
  const [, localPart, domain] = /^(.+)@([^@]+)$/.exec(text.trim()) ?? [];
  if (
    localPart === undefined ||
    domain === undefined ||
    !text.isWellFormed() ||
    text.length > 4 * EMAIL_LENGTH_MAX ||
    NOT_IN_A_LOCAL_PART.test(localPart) ||
    !DOMAIN.test(domain)
  ) {
    return undefined;
  }
  const name = unquoted(localPart)
    .normalize('NFC')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const canonical = `${name}@${domainToASCII(domain.replace(/\.$/, '')).toLowerCase()}`;
  const isAddress = !name.includes('"') && isEmail(canonical, { allow_utf8_local_part: true });
  return isAddress && canonical.length <= EMAIL_LENGTH_MAX ? canonical : undefined;
}

/** `"alice"` and `alice` are one mailbox (RFC 5321, section 4.1.2). What can stand only in quotes is no address here. */
function unquoted(localPart: string): string {
  const [, inner] = /^"(.*)"$/.exec(localPart) ?? [];
  return inner === undefined ? localPart : inner.replace(/\\(.)/g, '$1');
}
