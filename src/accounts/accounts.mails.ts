import type { MailMessage } from '../mailer/mailer.service.js';
import type { UserView } from '../users/user.view.js';

/** To the old address, so that its owner learns of a change that was not theirs. */
export function emailChangedMessage(before: UserView, after: UserView): MailMessage {
  return {
    user: before,
    category: 'security',
    recipient: before.emailAsGiven,
    subject: 'Your email address was changed',
    text:
      `The email address of your account was changed from ${before.email} to ${after.email}.\n` +
      'From now on the new address logs in, and this one does not.\n\n' +
      'If this was not you, somebody else has access to your account.\n',
  };
}
