import { domainToASCII } from 'node:url';
import { isEmail } from 'class-validator';

/** Longest address that SMTP can carry (RFC 5321, section 4.5.3.1.3). */
export const EMAIL_LENGTH_MAX = 254;

/**
 * The one form under which an address is unique and found: trimmed, in lower case, composed (NFC), its domain in ASCII
 * and without a trailing dot. Undefined when it is no address that mail can be sent to.
 */
export function canonicalEmail(text: string): string | undefined {
  const [, localPart, domain] = /^(.+)@([^@]+)$/.exec(text.trim()) ?? [];
  if (localPart === undefined || domain === undefined || text.length > 4 * EMAIL_LENGTH_MAX) {
    return undefined;
  }
  const canonical = `${localPart.normalize('NFC')}@${domainToASCII(domain.replace(/\.$/, ''))}`.toLowerCase();
  return isEmail(canonical, { allow_utf8_local_part: true }) && canonical.length <= EMAIL_LENGTH_MAX
    ? canonical
    : undefined;
}
