import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { isDatabaseUnavailable, isRefusedByDatabase } from './database-errors.js';

/** As `pg` reports what the server says, and as Node reports what happens to a connection. */
const said = (code: string, severity = 'ERROR') => Object.assign(new Error('said'), { code, severity });
const happened = (code: string) => Object.assign(new Error(`read ${code}`), { code, syscall: 'read', errno: -1 });
const failed = (cause: Error) => new QueryFailedError('SELECT', [], cause);

it.each(['23514', '22003', 'P0001', '40001', '42883'])('the server refused it with %s: it had no effect', (code) => {
  expect(isRefusedByDatabase(failed(said(code)))).toBe(true);
  expect(isDatabaseUnavailable(failed(said(code)))).toBe(false);
});

it.each([
  said('57014'),
  said('55P03'),
  said('25006'),
  said('57P01', 'FATAL'),
  said('XX000', 'PANIC'),
  said('08006'),
  said('53300', 'FATAL'),
  ...['ECONNRESET', 'ECONNABORTED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'ETIMEDOUT', 'EPIPE'].map(
    happened,
  ),
  // As Node reports a name of two addresses, neither of which answers.
  Object.assign(new AggregateError([happened('ECONNREFUSED'), happened('ECONNREFUSED')]), { code: 'ECONNREFUSED' }),
  new Error('Connection terminated unexpectedly'),
  new Error('Query read timeout'),
])('the database is out of reach, and nobody knows of the effect: $code $message', (cause) => {
  expect(isRefusedByDatabase(failed(cause))).toBe(false);
  expect(isDatabaseUnavailable(failed(cause))).toBe(true);
});

it.each([new Error('anything else'), happened('EPROTO'), happened('EIO00'), new TypeError('x is not a function')])(
  'of what the server did not say nobody knows the effect: $message',
  (cause) => {
    expect(isRefusedByDatabase(failed(cause))).toBe(false);
    expect(isRefusedByDatabase(cause)).toBe(false);
  },
);

it.each([new QueryRunnerAlreadyReleasedError(), new QueryRunnerProviderAlreadyReleasedError()])(
  'a connection that has ended in the middle of a transaction is out of reach: $name',
  (error) => {
    expect(isRefusedByDatabase(error)).toBe(false);
    expect(isDatabaseUnavailable(error)).toBe(true);
  },
);
