import type { SendMailOptions } from 'nodemailer';
import type { OutgoingMail } from './mail-transport.js';

/** A mail for nodemailer. Addresses are given as such, so that nothing in them is taken for a list or for a name. */
export function messageOf({ messageId, from, recipient, subject, text, date }: OutgoingMail): SendMailOptions {
  return {
    messageId: `<${messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    from,
    to: { name: '', address: recipient },
    envelope: { from: from.address, to: [recipient] },
    subject,
    text,
    date,
    // RFC 3834: no vacation notices in answer to it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
