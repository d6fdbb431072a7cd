import type { SMTPServerOptions } from 'smtp-server';
import { deliveryFailure } from '../src/mailer/delivery/delivery-failure.js';
import { SmtpTransport } from '../src/mailer/transport/smtp.transport.js';
import { selfMadeCertificate, type Certificate } from './support/certificate.js';
import { TestSmtpServer } from './support/smtp-server.js';

/** What SMTP_URL can say, against mail servers with TLS and logins. */

let ours: Certificate;
let elsewhere: Certificate;
let smtp: TestSmtpServer | undefined;

beforeAll(async () => {
  ours = await selfMadeCertificate('IP:127.0.0.1,DNS:localhost');
  elsewhere = await selfMadeCertificate('DNS:mail.example.com');
});
afterEach(async () => {
  await smtp?.stop();
  smtp = undefined;
});

const trusted = ({ cert }: Certificate) => `tls.ca=${encodeURIComponent(cert)}`;

/** @param url with `PORT` in it */
async function send(url: string, options: SMTPServerOptions): Promise<TestSmtpServer> {
  smtp = await TestSmtpServer.start(options);
  const transport = new SmtpTransport(url.replace('PORT', String(smtp.port)));
  const mail = {
    messageId: 'a-message',
    from: { name: 'Tollgate', address: 'no-reply@tollgate.example' },
    recipient: 'joe@example.com',
    subject: 'A subject',
    text: 'A text.',
    date: new Date(),
  };
  await transport.send(mail, new AbortController().signal).finally(() => transport.close());
  return smtp;
}

/** Why it was not sent. Nothing came in, and it is worth another attempt. */
async function refusal(url: string, options: SMTPServerOptions): Promise<string> {
  const error = await send(url, options).then(
    () => new Error('it was sent'),
    (refused: unknown) => refused,
  );
  expect(smtp!.received).toBe(0);
  const { isPermanent, reason } = deliveryFailure(error);
  expect(isPermanent).toBe(false);
  return reason;
}

describe.each([
  ['STARTTLS', 'smtp://127.0.0.1:PORT?requireTLS=true', {}],
  ['implicit TLS', 'smtps://127.0.0.1:PORT?', { secure: true }],
])('%s', (_, url, kind) => {
  it('with a certificate of a trusted authority', async () => {
    const { session, mails } = await send(`${url}&${trusted(ours)}`, { ...kind, ...ours });
    expect(session!.secure).toBe(true);
    expect(mails).toHaveLength(1);
  });

  it('is refused with a certificate of an unknown authority', async () => {
    expect(await refusal(url, { ...kind, ...ours })).toMatch(/self-signed certificate/);
  });

  it('is refused with a certificate for another name', async () => {
    expect(await refusal(`${url}&${trusted(elsewhere)}`, { ...kind, ...elsewhere })).toMatch(/altnames/);
  });

  it('takes any certificate when it is told to', async () => {
    const { session } = await send(`${url}&tls.rejectUnauthorized=false`, { ...kind, ...elsewhere });
    expect(session!.secure).toBe(true);
  });
});

describe('TLS that is demanded', () => {
  const WITHOUT_TLS = { disabledCommands: ['STARTTLS'] };

  it.each(['true', '1', 'yes'])(
    'by requireTLS=%s: no mail in the clear, nor to an unknown authority',
    async (value) => {
      expect(await refusal(`smtp://127.0.0.1:PORT?requireTLS=${value}`, WITHOUT_TLS)).toMatch(/STARTTLS/);
      await smtp!.stop();
      expect(await refusal(`smtp://127.0.0.1:PORT?requireTLS=${value}`, ours)).toMatch(/self-signed certificate/);
    },
  );

  it.each(['', '?requireTLS=false', '?requireTLS=0'])('not with %j: encrypted where it is offered', async (query) => {
    expect((await send(`smtp://127.0.0.1:PORT${query}`, ours)).session!.secure).toBe(true);
    await smtp!.stop();
    expect((await send(`smtp://127.0.0.1:PORT${query}`, WITHOUT_TLS)).session!.secure).toBe(false);
  });

  it('not when the URL turns it off', async () => {
    expect((await send('smtp://127.0.0.1:PORT?ignoreTLS=true', ours)).session!.secure).toBe(false);
  });
});

describe('a login', () => {
  const USER = 'joe@mail.example';
  const PASSWORD = 'p@ss:/?#%&+ é';
  const logins: string[] = [];
  const WITH_LOGIN: SMTPServerOptions = {
    authOptional: false,
    onAuth: ({ username, password }, _session, done) => {
      logins.push(`${username} ${password}`);
      done(null, { user: username });
    },
  };
  const credentials = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`;
  beforeEach(() => logins.splice(0));

  it('has its user and password percent-encoded in the URL', async () => {
    const { session } = await send(`smtps://${credentials}@127.0.0.1:PORT?${trusted(ours)}`, {
      ...WITH_LOGIN,
      ...ours,
      secure: true,
    });
    expect(logins).toEqual([`${USER} ${PASSWORD}`]);
    expect(session!.user).toBe(USER);
  });

  it('on this machine needs no certificate that is known', async () => {
    await send(`smtp://${credentials}@127.0.0.1:PORT`, { ...WITH_LOGIN, ...ours });
    expect(logins).toEqual([`${USER} ${PASSWORD}`]);
  });

  it('on another machine goes to no unknown authority', async () => {
    // An address that leads back here and does not look like it.
    const reason = await refusal(`smtp://${credentials}@0.0.0.0:PORT`, { ...WITH_LOGIN, ...ours });
    expect(reason).toMatch(/self-signed certificate/);
    expect(reason).not.toContain(PASSWORD);
    expect(logins).toEqual([]);
  });

  it('on another machine does not go in the clear, unless the URL says that it may', async () => {
    const clear = { ...WITH_LOGIN, disabledCommands: ['STARTTLS'], allowInsecureAuth: true };
    expect(await refusal(`smtp://${credentials}@0.0.0.0:PORT`, clear)).toMatch(/STARTTLS/);
    expect(logins).toEqual([]);
    await smtp!.stop();
    await send(`smtp://${credentials}@0.0.0.0:PORT?requireTLS=false`, clear);
    expect(logins).toEqual([`${USER} ${PASSWORD}`]);
  });

  it('that is refused is tried again, and its answer is not told', async () => {
    const onAuth: SMTPServerOptions['onAuth'] = ({ password }, _session, done) =>
      done(Object.assign(new Error(`no such password: ${password}`), { responseCode: 535 }));
    const reason = await refusal(`smtp://${credentials}@127.0.0.1:PORT`, { ...WITH_LOGIN, ...ours, onAuth });
    expect(reason).toMatch(/^AUTH \w+ was answered 535$/);
  });
});

it('says the name that the URL gives it', async () => {
  const { session } = await send('smtp://127.0.0.1:PORT?name=client.example', ours);
  expect(session!.hostNameAppearsAs).toBe('client.example');
});
