/** What a failed attempt means, and what may be told of it. */
export interface DeliveryFailure {
  /** The mail itself cannot be sent: trying again would end the same. */
  isPermanent: boolean;
  /** For administrators: never anything of the mail's text, and no credential. */
  reason: string;
}

/** As nodemailer and Node report. */
interface SendError {
  message?: string;
  code?: string;
  /** The SMTP command that failed. */
  command?: string;
  /** What the server answered, and its first number. */
  response?: string;
  responseCode?: number;
}

/** So far the server knows addresses, not the text, which it might quote. Answers to a login are not told either. */
const COMMANDS_BEFORE_THE_TEXT = ['MAIL FROM', 'RCPT TO'];
/** nodemailer's own refusals of a message, which it cannot make. */
const CODES_OF_THE_MAIL = ['EENVELOPE', 'EMESSAGE'];

const REASON_LENGTH_MAX = 300;

export function deliveryFailure(error: unknown): DeliveryFailure {
  const { response, responseCode, code = '' } = error as SendError;
  // What a server refuses for good today, it may take when somebody has looked after it, or after a list of senders.
  const isPermanent = responseCode === undefined && CODES_OF_THE_MAIL.includes(code);
  return { isPermanent, reason: reasonOf(error as SendError, response) };
}

function reasonOf({ message, code, command = '' }: SendError, response: string | undefined): string {
  if (response === undefined) {
    return printable([code, message ?? 'unknown error'].filter(Boolean).join(': '));
  }
  const answer = COMMANDS_BEFORE_THE_TEXT.includes(command) ? response : numbersOf(response);
  return printable(`${command || 'connection'} was answered ${answer}`);
}

/** `550 5.7.1` of `550 5.7.1 and so on`. */
function numbersOf(response: string): string {
  return /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(response)?.[0] ?? 'with something else than SMTP';
}

function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, REASON_LENGTH_MAX);
}
