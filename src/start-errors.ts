import { QueryFailedError } from 'typeorm';
import { ConfigurationError } from './config/environment.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres.js';
import { UnsuitableDatabase } from './database/migrator.js';
import { DomainError } from './errors/domain-error.js';
import { WorkersFailed } from './workers/workers-failed.error.js';
import { EmailAlreadyRegistered } from './users/users.errors.js';

/** One line per problem that the operator can do something about; the whole stack of anything else. */
export function explain(error: unknown): string[] {
  return problemsOf(error).map((problem) => `tollgate: ${problem}`);
}

/** As `explain`, without saying who speaks. */
export function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigurationError || error instanceof WorkersFailed) {
    return error.problems;
  }
  if (error instanceof EmailAlreadyRegistered) {
    return [
      'ADMIN_EMAIL is the address of a user who is no administrator. Set another one for the first administrator.',
    ];
  }
  if (error instanceof EmbeddedPostgresError || error instanceof UnsuitableDatabase || error instanceof DomainError) {
    return [error.message];
  }
  if (isOfTheDatabase(error)) {
    return [`The database at DATABASE_URL cannot be used: ${error.message || error.code}.${hintOf(error)}`];
  }
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

type DatabaseError = Error & { code?: string };

/** From the server, the network or TLS: all of these carry a code, but for one of the driver's own. */
function isOfTheDatabase(error: unknown): error is DatabaseError {
  return (
    error instanceof Error &&
    (typeof codeOf(error) === 'string' || error.message.startsWith('The server does not support SSL'))
  );
}

function codeOf(error: DatabaseError): string | undefined {
  return error instanceof QueryFailedError ? (error.driverError as DatabaseError).code : error.code;
}

const INSUFFICIENT_PRIVILEGE = '42501';

function hintOf(error: DatabaseError): string {
  return codeOf(error) === INSUFFICIENT_PRIVILEGE ? ' Make the user of DATABASE_URL the owner of its database.' : '';
}
