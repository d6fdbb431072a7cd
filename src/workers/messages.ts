import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Configuration } from '../config/configuration.js';

/** Numbers of one process, as a registry of metrics gives them out. They survive JSON. */
export type MetricsReport = MetricObjectWithValues<MetricValue<string>>[];

/** What the supervisor says to a worker. */
export type ToWorker =
  | { kind: 'serve'; configuration: Configuration }
  /** Finish what is in flight, then end. */
  | { kind: 'drain' }
  /** Say anything, if your event loop turns. */
  | { kind: 'show-life' }
  | { kind: 'report-metrics'; question: number }
  /** The numbers of all workers, in answer to `ask-metrics`. Without a text they could not be collected. */
  | { kind: 'metrics'; question: number; text?: string };

/** What a worker says to the supervisor. */
export type FromWorker =
  /** From now on it hears; what is said to a worker before is lost. */
  | { kind: 'hears' }
  | { kind: 'serving' }
  /** The start failed, and the worker ends: one line per problem, for the operator. */
  | { kind: 'not-serving'; problems: string[] }
  | { kind: 'lives' }
  /** Without a report it could not make one. */
  | { kind: 'metrics-report'; question: number; report?: MetricsReport }
  | { kind: 'ask-metrics'; question: number };
