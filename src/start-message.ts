import { writeFileSync } from 'node:fs';
import type { FirstAdministrator } from './auth/registration.service.js';
import type { Configuration } from './config/configuration.js';
import { hasDevMail } from './mailer/dev/dev-mail.js';
import { mailFolder } from './mailer/mail-folder.js';
import type { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';

/** Tells whoever started the server where things are: on standard output, outside the log, which may go elsewhere. */
export function announce(configuration: Configuration, database: EmbeddedPostgres | undefined): void {
  const data = database
    ? dataLine(database)
    : `the database at DATABASE_URL (${databaseName(configuration.databaseUrl)})`;
  say([
    'Tollgate is ready.',
    `  API    ${configuration.publicUrl}/api`,
    `  Docs   ${configuration.publicUrl}/docs`,
    `  Data   ${data}`,
    `  Mail   ${mailLine(configuration)}`,
  ]);
}

/** On the very first start. */
export function announceAdministrator({ email, password }: FirstAdministrator): void {
  say([
    'The first administrator was made.',
    `  Admin  ${email}, password ${password ?? 'as set in ADMIN_PASSWORD'}`,
    ...(password ? ['         Shown only now: keep it, or change it after the first login.'] : []),
  ]);
}

/** While it is started: what takes long, or may surprise. */
export function notice(sentence: string): void {
  write(`tollgate: ${sentence}\n`);
}

function say(lines: string[]): void {
  write(`\n${lines.join('\n')}\n`);
}

/** On standard error where standard output takes nothing: a password is told only once. Where neither does, nothing is told. */
function write(text: string): void {
  for (const { fd } of [process.stdout, process.stderr]) {
    try {
      return writeFileSync(fd, text);
    } catch {
      // The next one may take it.
    }
  }
}

function mailLine(configuration: Configuration): string {
  if (configuration.smtpUrl) {
    return `sent through ${new URL(configuration.smtpUrl).host}`;
  }
  const places = [
    ...(hasDevMail(configuration) ? [`${configuration.publicUrl}/dev/mail`] : []),
    mailFolder(configuration),
  ];
  return `not sent without SMTP_URL, but kept: ${places.join(', ')}`;
}

function dataLine({ folder, isAdopted }: EmbeddedPostgres): string {
  return `${folder}${isAdopted ? ' (taken over from a run that was killed)' : ''}`;
}

/** Host and name, never the password. */
function databaseName(url: string): string {
  const { hostname, pathname } = new URL(url);
  return `${hostname}${pathname}`;
}
