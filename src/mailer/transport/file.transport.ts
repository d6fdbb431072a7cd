import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { MailTransport, type OutgoingMail } from './mail-transport.js';
import { messageOf } from './message.js';

/** Without a mail server: keeps each mail as a file that any mail program opens, readable by its owner alone. */
export class FileTransport extends MailTransport {
  private readonly logger = new Logger('Mailer');
  private composer: ReturnType<typeof createComposer> | undefined;

  constructor(private readonly folder: string) {
    super();
  }

  /** The same mail goes to the same file, however often it is sent. */
  async send(mail: OutgoingMail): Promise<void> {
    this.composer ??= createComposer();
    const { message } = await (await this.composer).sendMail(messageOf(mail));
    const path = join(this.folder, `${mail.date.toISOString().replaceAll(':', '-')}-${mail.messageId}.eml`);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.part`, message as Buffer, { mode: 0o600 });
    await rename(`${path}.part`, path);
    // Neither the text, which may carry a code, nor the subject, which others wrote.
    this.logger.warn({ msg: 'a mail was kept as a file; set SMTP_URL to have mails sent', file: path });
  }

  close(): void {
    void this.composer?.then((composer) => composer.close());
  }
}

/** Loaded with the first mail. */
async function createComposer() {
  const { createTransport } = await import('nodemailer');
  return createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
}
