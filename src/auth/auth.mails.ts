import type { MailMessage } from '../mailer/mailer.service.js';
import type { UserView } from '../users/user.view.js';

export function passwordChangedMessage(user: UserView): MailMessage {
  return {
    user,
    category: 'security',
    recipient: user.emailAsGiven,
    subject: 'Your password was changed',
    text:
      'The password of your account was changed, and all other sessions were ended.\n\n' +
      'If this was not you, somebody else has access to your account.\n',
  };
}

/** Somebody signed up with an address that is registered already. Only its owner learns so. */
export function alreadyRegisteredMessage(user: UserView): MailMessage {
  return {
    user,
    category: 'security',
    recipient: user.emailAsGiven,
    subject: 'You already have an account',
    text:
      'Somebody, perhaps you, asked to sign up with this email address. It already has an account, and nothing was ' +
      'changed.\n\nIf it was you, log in with the password that you chose then.\n',
  };
}
