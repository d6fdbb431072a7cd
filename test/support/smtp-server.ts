import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { freePort } from './server-process.js';

/**
 * How the server takes what comes:
 * - `accepts` it
 * - `slow`: after a while
 * - `refuses-temporarily`, `refuses-content`, `refuses-recipient`: 451 and 554 after the mail, 550 before
 * - `drops`: has the whole mail, says nothing, and hangs up
 */
export type Mood = 'accepts' | 'slow' | 'refuses-temporarily' | 'refuses-content' | 'refuses-recipient' | 'drops';

/** A mail server of the test's own, whose mood can change. What it has accepted is in `mails`. */
export class TestSmtpServer {
  mood: Mood = 'accepts';
  /** Mails that were answered 250. */
  readonly mails: Email[] = [];
  /** Mails that came in whole, whatever the answer was. */
  received = 0;
  connections = 0;
  /** Of the mail that came in last. */
  session: SMTPServerSession | undefined;
  slowMs = 300;
  /** Called between having a mail and saying so. */
  beforeAnswer: () => void = () => undefined;
  private server: SMTPServer | undefined;

  private constructor(
    readonly port: number,
    private readonly options: SMTPServerOptions = {},
  ) {}

  /** @param options of certificates and logins; without any, it has TLS with a certificate that nobody trusts */
  static async start(options?: SMTPServerOptions): Promise<TestSmtpServer> {
    const smtp = new TestSmtpServer(await freePort(), options);
    await smtp.up();
    return smtp;
  }

  /** One whose port nobody listens to yet. */
  static async down(): Promise<TestSmtpServer> {
    return new TestSmtpServer(await freePort());
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    this.server = new SMTPServer({
      authOptional: true,
      logger: false,
      closeTimeout: 100,
      onConnect: (_session, done) => {
        this.connections++;
        done();
      },
      onRcptTo: (_address, _session, done) =>
        done(this.mood === 'refuses-recipient' ? answer(550, '5.1.1 no such mailbox') : null),
      onData: (stream, session, done) => {
        this.session = session;
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => void this.take(Buffer.concat(chunks), session.id, done));
      },
      ...this.options,
    });
    // Connections that break off are part of the tests.
    this.server.on('error', () => undefined);
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => (this.server ? this.server.close(resolve) : resolve()));
    this.server = undefined;
  }

  /** The first mail that was accepted for a recipient. */
  async mailTo(recipient: string): Promise<Email> {
    const find = () => this.mails.find(({ to }) => to?.some(({ address }) => address === recipient));
    await eventually(() => find() !== undefined);
    return find()!;
  }

  private async take(content: Buffer, sessionId: string, done: (error?: Error | null) => void): Promise<void> {
    this.received++;
    const { mood } = this;
    if (mood === 'drops') {
      for (const connection of this.server!.connections as Set<{ id: string; _socket: { destroy(): void } }>) {
        if (connection.id === sessionId) {
          connection._socket.destroy();
        }
      }
      return;
    }
    if (mood === 'refuses-temporarily') {
      return done(answer(451, '4.3.0 later, please'));
    }
    if (mood === 'refuses-content') {
      // As some do, it quotes what it does not like.
      return done(answer(554, `5.7.1 this is spam: ${content.toString().slice(-200).replace(/\s+/g, ' ')}`));
    }
    if (mood === 'slow') {
      await sleep(this.slowMs, undefined, { ref: false });
    }
    this.mails.push(await PostalMime.parse(content));
    this.beforeAnswer();
    done();
  }
}

/** Accepts connections and never says anything. */
export async function silentServer(port: number): Promise<{ close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    close: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

export async function eventually(isTrue: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${isTrue.toString()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
