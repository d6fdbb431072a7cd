import type { FirstAdministrator } from './auth/registration.service.js';
import type { Configuration } from './config/configuration.js';
import type { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';

/** Tells whoever started the server where things are: on standard output, outside the log, which may go elsewhere. */
export function announce(start: {
  configuration: Configuration;
  database: EmbeddedPostgres | undefined;
  administrator: FirstAdministrator | null;
}): void {
  const { configuration, database, administrator } = start;
  const lines = [
    '',
    'Tollgate is ready.',
    `  API    ${configuration.publicUrl}/api`,
    `  Docs   ${configuration.publicUrl}/docs`,
    `  Data   ${database ? dataLine(database) : `the database at DATABASE_URL (${databaseName(configuration.databaseUrl)})`}`,
  ];
  if (administrator) {
    const { email, password } = administrator;
    lines.push(
      `  Admin  ${email}, password ${password ?? 'as set in ADMIN_PASSWORD'}`,
      ...(password ? ['         Shown only now: keep it, or change it after the first login.'] : []),
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

function dataLine({ folder, isAdopted }: EmbeddedPostgres): string {
  return `${folder}${isAdopted ? ' (taken over from a run that was killed)' : ''}`;
}

/** Host and name, never the password. */
function databaseName(url: string): string {
  const { hostname, pathname } = new URL(url);
  return `${hostname}${pathname}`;
}
