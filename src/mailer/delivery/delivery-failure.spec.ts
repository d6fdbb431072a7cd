import { deliveryFailure } from './delivery-failure.js';

/** Errors as nodemailer reports them. */
const answered = (command: string, response: string) =>
  Object.assign(new Error(`${command} failed: ${response}`), {
    code: 'EMESSAGE',
    command,
    response,
    responseCode: Number(response.slice(0, 3)),
  });
const failed = (code: string, message: string, command?: string) =>
  Object.assign(new Error(message), { code, ...(command === undefined ? {} : { command }) });

const isPermanent = (error: unknown) => deliveryFailure(error).isPermanent;
const reason = (error: unknown) => deliveryFailure(error).reason;

describe('checklist 67: given up at once is', () => {
  it.each([
    ['an address that cannot be written to', failed('EENVELOPE', 'No recipients defined')],
    ['a mail that cannot be composed', failed('EMESSAGE', 'Invalid message')],
  ])('%s', (_, error) => expect(isPermanent(error)).toBe(true));
});

describe('checklist 67: tried again is', () => {
  it.each([
    ['a full mailbox', answered('RCPT TO', '452 4.2.2 mailbox full')],
    ['greylisting', answered('RCPT TO', '451 4.7.1 try again later')],
    ['a mailbox that does not exist: it can be made', answered('RCPT TO', '550 5.1.1 no such mailbox')],
    ['content that is refused: the list of senders can change', answered('DATA', '554 5.7.1 spam')],
    ['a sender that is refused: the configuration can change', answered('MAIL FROM', '550 5.7.1 not you')],
    ['a login that is refused', answered('AUTH PLAIN', '535 5.7.8 bad credentials')],
    ['a server that takes nobody', answered('CONN', '554 5.3.2 closed')],
    ['a greeting that is refused', answered('EHLO', '502 5.5.1 what?')],
    ['a server that is down', failed('ESOCKET', 'connect ECONNREFUSED 127.0.0.1:25', 'CONN')],
    ['a connection that breaks after the mail', failed('ECONNECTION', 'Connection closed unexpectedly', 'DATA')],
    ['a server that is slow', failed('ETIMEDOUT', 'Timeout', 'DATA')],
    ['a certificate that is not trusted', failed('ESOCKET', 'self-signed certificate', 'CONN')],
    ['a send that is aborted', failed('EABORT', 'Message sending aborted')],
    ['a full disk', failed('ENOSPC', 'ENOSPC: no space left on device, write')],
    ['what nobody has thought of', 'a string'],
  ])('%s', (_, error) => expect(isPermanent(error)).toBe(false));
});

describe('what administrators read', () => {
  it.each(['MAIL FROM', 'RCPT TO'])('is the answer to %s, which knows addresses only', (command) => {
    expect(reason(answered(command, '550 5.1.1 <joe@example.com> unknown'))).toBe(
      `${command} was answered 550 5.1.1 <joe@example.com> unknown`,
    );
  });

  it.each([
    ['DATA', '554 5.7.1 spam: your code is 7KQ2', 'DATA was answered 554 5.7.1'],
    ['DATA', '554-5.7.1 spam: your code is\n554 5.7.1 7KQ2', 'DATA was answered 554-5.7.1'],
    ['DATA', '554 your code is 7KQ2', 'DATA was answered 554'],
    ['AUTH PLAIN', '535 5.7.8 AGpvZQBoaWRkZW4=', 'AUTH PLAIN was answered 535 5.7.8'],
    ['', '421 4.3.2 7KQ2', 'connection was answered 421 4.3.2'],
    ['DATA', 'your code is 7KQ2', 'DATA was answered with something else than SMTP'],
  ])('checklist 31: of the answer to %j, %j, is its numbers', (command, response, expected) => {
    expect(reason({ ...answered(command, response) })).toBe(expected);
  });

  it('is the error where the server said nothing', () => {
    expect(reason(failed('ESOCKET', 'connect ECONNREFUSED 127.0.0.1:25'))).toBe(
      'ESOCKET: connect ECONNREFUSED 127.0.0.1:25',
    );
    expect(reason(new Error('without a code'))).toBe('without a code');
    expect(reason({})).toBe('unknown error');
  });

  it('is one short line of visible characters', () => {
    const error = answered('RCPT TO', `550 a\r\nb\u202ec\u0007d\t${'x'.repeat(1000)}`);
    expect(reason(error)).toMatch(/^RCPT TO was answered 550 a b c d x+$/);
    expect(reason(error)).toHaveLength(300);
  });
});
