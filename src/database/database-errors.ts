import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';

/** What `pg` reports of a failed statement. */
interface PostgresError {
  code?: string;
  severity?: string;
  constraint?: string;
}

/** The named constraint that a statement broke, if that is why it failed. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = postgresErrorOf(error);
  return code?.startsWith('23') ? constraint : undefined;
}

/** The whole transaction may succeed when it is run again: serialization failure or deadlock. */
export function isWorthRetrying(error: unknown): boolean {
  const { code } = postgresErrorOf(error);
  return code === '40001' || code === '40P01';
}

/** Somebody else held what the statement needed for longer than it was to wait. */
export function isLockTimeout(error: unknown): boolean {
  return postgresErrorOf(error).code === '55P03';
}

/**
 * The server itself refused the statement and rolled it back, so it certainly had no effect. Of any other failure, such
 * as a connection that broke, nobody knows.
 */
export function isRefusedByDatabase(error: unknown): boolean {
  const { code, severity } = postgresErrorOf(error);
  return severity !== undefined && /^[0-9A-Z]{5}$/.test(code ?? '') && !isDatabaseUnavailable(error);
}

// Classes 08 (connection), 53 (resources) and 57P (shutting down); 57014 and 55P03: it, or a lock, took too long; 25006: a
// standby that has not been promoted.
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P0[1-5]|57014|55P03|25006)$/;
// The server ends the session, or never began it.
const UNAVAILABLE_SEVERITIES = ['FATAL', 'PANIC'];
const UNAVAILABLE_SYSTEM_ERRORS = [
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
];
// `pg` has no codes for these.
const UNAVAILABLE_MESSAGE =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout)/;

/** What TypeORM says to the next statement of a transaction whose connection has ended since the one before. */
const CONNECTION_ENDED = [QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError];

/** The database is out of reach or cannot work now; asking again later makes sense. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) {
    return false;
  }
  if (cause instanceof AggregateError) {
    // Node tried all addresses of a name.
    return cause.errors.some(isDatabaseUnavailable);
  }
  const code = postgresErrorOf(error).code ?? '';
  return (
    UNAVAILABLE_SQLSTATE.test(code) ||
    UNAVAILABLE_SEVERITIES.includes(postgresErrorOf(error).severity ?? '') ||
    (UNAVAILABLE_SYSTEM_ERRORS.includes(code) && 'syscall' in cause) ||
    UNAVAILABLE_MESSAGE.test(cause.message) ||
    CONNECTION_ENDED.some((kind) => cause instanceof kind)
  );
}

function postgresErrorOf(error: unknown): PostgresError {
  const cause = driverErrorOf(error);
  return typeof cause === 'object' && cause !== null ? cause : {};
}

function driverErrorOf(error: unknown): unknown {
  return error instanceof QueryFailedError ? error.driverError : error;
}
