import { isLoopbackHost } from '../../config/loopback-host.js';
import { MailTransport, type OutgoingMail } from './mail-transport.js';
import { messageOf } from './message.js';

export const CONNECTIONS_MAX = 10;

/**
 * Hands mails to the server at SMTP_URL, over a few connections that are kept for a while. What the URL says in its query
 * goes before what is said here.
 */
export class SmtpTransport extends MailTransport {
  private pool: ReturnType<typeof createPool> | undefined;

  constructor(private readonly smtpUrl: string) {
    super();
  }

  async send(mail: OutgoingMail, signal: AbortSignal): Promise<void> {
    this.pool ??= createPool(this.smtpUrl);
    await (await this.pool).sendMail({ ...messageOf(mail), signal });
  }

  close(): void {
    void this.pool?.then((pool) => pool.close());
  }
}

/** Loaded with the first mail. */
async function createPool(smtpUrl: string) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    // A connection that breaks is an attempt that failed: whether to try again is decided in one place, which remembers.
    maxRequeues: 0,
    connectionTimeout: 20_000,
    greetingTimeout: 30_000,
    // RFC 5321, 4.5.3.2.6: a server that has the whole mail may think for ten minutes. Whoever gives up earlier sends it twice.
    socketTimeout: 600_000,
    requireTLS: isPasswordAtRisk(smtpUrl),
    tls: { rejectUnauthorized: isCertificateChecked(smtpUrl) },
  });
}

/** Whether a password goes to another machine. */
function isPasswordAtRisk(smtpUrl: string): boolean {
  const { hostname, username } = new URL(smtpUrl);
  return username !== '' && !isLoopbackHost(hostname);
}

/**
 * Whoever could show a wrong certificate to a connection that begins in the clear could as well hide that there is TLS.
 * So it is checked only where TLS is demanded, or a password could get lost on its way.
 */
function isCertificateChecked(smtpUrl: string): boolean {
  const { protocol, searchParams } = new URL(smtpUrl);
  // nodemailer takes any other value for a yes.
  const isDemanded = protocol === 'smtps:' || !['', '0', 'false'].includes(searchParams.get('requireTLS') ?? '');
  return isDemanded || isPasswordAtRisk(smtpUrl);
}
