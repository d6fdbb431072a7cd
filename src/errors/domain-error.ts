/** What kind of refusal it is. Each dialect renders the kind; `httpStatusOf` is the one table of statuses. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'out_of_credits'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'unprocessable'
  | 'too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'internal'
  | 'unavailable';

/** One field of the request and the sentence that says what is wrong with it. */
export interface FieldProblem {
  /** Where: a path such as `email` or `profile.color`. */
  field: string;
  message: string;
}

/**
 * A refusal as a value of the domain: what happened (`kind`), a stable `code` for programs and a sentence for people.
 * Services throw these and never speak HTTP. `cause` is for the log only.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  /** Stable, `feature.reason`, the same in every dialect. */
  abstract readonly code: string;
  declare readonly fields?: FieldProblem[];
  /** When it makes sense to ask again, in seconds. */
  declare readonly retryAfterSeconds?: number;
  /** Methods that the URL does answer to; only on `method_not_allowed`. */
  declare readonly allowedMethods?: string[];

  constructor(message?: string, options?: ErrorOptions) {
    // A refusal is an answer, not a fault: nobody reads its stack, and taking it down costs as much as all the rest of it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
