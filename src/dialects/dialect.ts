import type { Configuration } from '../config/configuration.js';
import type { FieldProblem } from '../errors/domain-error.js';
import { envelopeDialect } from './envelope.dialect.js';
import { pathOf } from './request-url.js';
import { restDialect } from './rest.dialect.js';
import { rpcDialect } from './rpc.dialect.js';

/** A refusal on its way out: everything that any dialect says about it. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  fields?: FieldProblem[];
}

/** A way of speaking. It renders results and refusals, decides nothing, and knows no feature. */
export interface Dialect {
  readonly name: 'envelope' | 'rpc' | 'rest';
  /** URLs that begin with this belong to the dialect. */
  readonly pathPrefix: string;
  /** Content type of a refusal. */
  readonly failureType: string;
  /** Statuses of refusals that it does not have, and what it answers instead. */
  readonly statusInstead?: Readonly<Record<number, number>>;
  /** Absent where results are answered as they are. */
  readonly success?: (result: unknown) => unknown;
  failure(refusal: Refusal): unknown;
}

/** The more special prefix first. rest has the empty one, so every URL has a dialect. */
const DIALECTS: Dialect[] = [envelopeDialect, rpcDialect, restDialect];

/** The dialect of a readable URL, for unknown routes and refused callers too. */
export function dialectOf(url: string): Dialect {
  const path = pathOf(url);
  return DIALECTS.find((dialect) => path.startsWith(dialect.pathPrefix)) ?? restDialect;
}

/** A refusal as the dialect has it. */
export function refusalIn<It extends Refusal>(dialect: Dialect, refusal: It): It {
  return { ...refusal, status: dialect.statusInstead?.[refusal.status] ?? refusal.status };
}

/** The HTTP status of a refusal. The original envelope service answered 200 to everything, and its clients may rely on that. */
export function failureStatus(dialect: Dialect, status: number, { envelopeHttpStatus }: Configuration): number {
  return dialect.name === 'envelope' && envelopeHttpStatus === 'always-200' ? 200 : status;
}
