import { InvalidRequest } from '../errors/request.errors.js';
import { headerProblems } from '../mailer/header-text.js';
import type { MailMessage } from '../mailer/mailer.service.js';
import type { CodePurpose } from '../tokens/code-text.js';
import type { UserView } from '../users/user.view.js';

/** The words of a mail that carries a code, as far as whoever asks for it chooses them. */
export interface ChosenWords {
  fromName?: string | undefined;
  subject?: string | undefined;
  text?: string | undefined;
}

interface Words {
  fromName?: string | undefined;
  subject: string;
  text: string;
}

/** What stands for the code or the link in the text. Nothing else in it means anything. */
const PLACEHOLDERS = {
  email_verification: '$micro_verification_link',
  magic_link: '$micro_verification_link',
  password_reset: '$code',
} as const satisfies Record<CodePurpose, string>;

const DEFAULTS = {
  email_verification: {
    subject: 'Verify your email address',
    text:
      'Please follow this link to verify your email address:\n\n$micro_verification_link\n\n' +
      'If you did not expect this mail, do nothing.\n',
  },
  magic_link: {
    subject: 'Your link to log in',
    text:
      'Follow this link to log in. It works once, for ten minutes:\n\n$micro_verification_link\n\n' +
      'If you did not ask for it, do nothing.\n',
  },
  password_reset: {
    subject: 'Reset your password',
    text:
      'Your code to set a new password is:\n\n$code\n\n' +
      'If you did not ask for it, do nothing: your password stays as it is.\n',
  },
} as const satisfies Record<CodePurpose, Words>;

/** What would let a name pass for an address, or for several, and what turns the direction of writing. */
const NOT_IN_A_NAME = /[,;:<>@"\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * What was chosen, and the usual words for the rest.
 *
 * @throws InvalidRequest with the field named: what is no text of a header, a name that plays an address, a text without
 *   its placeholder
 */
export function wordsOf(purpose: CodePurpose, { fromName, subject, text }: ChosenWords): Words {
  const placeholder = PLACEHOLDERS[purpose];
  const problems = [
    ...(fromName !== undefined && NOT_IN_A_NAME.test(fromName)
      ? [{ field: 'from_name', message: 'from_name must be a name, without , ; : < > @ " and \\' }]
      : []),
    ...headerProblems({ from_name: fromName, subject }),
    ...(text !== undefined && !text.includes(placeholder)
      ? [{ field: 'text_content', message: `text_content must contain ${placeholder}` }]
      : []),
  ];
  if (problems.length > 0) {
    throw new InvalidRequest(problems);
  }
  const { subject: usualSubject, text: usualText } = DEFAULTS[purpose];
  return { fromName: fromName?.trim() || undefined, subject: subject ?? usualSubject, text: text ?? usualText };
}

/** @param shown what takes the place of the placeholder: the code, or the link that it is in */
export function codeMessage(purpose: CodePurpose, user: UserView, words: Words, shown: string): MailMessage {
  return {
    user,
    category: 'security',
    recipient: user.emailAsGiven,
    fromName: words.fromName,
    subject: words.subject,
    // By a function: in a replacement text, `$&` and its like would mean something.
    text: words.text.replaceAll(PLACEHOLDERS[purpose], () => shown),
  };
}
