import type { WrongAnswers } from './wrong-answers.js';

/** What is asked of a server, and how hard. */
export interface LoadPlan {
  host: string;
  port: number;
  /** Whole requests over HTTP/1.1, as they go over the wire; sent in turn, over whichever connection is free. */
  requests: string[];
  connections: number;
  seconds: number;
  /** Sent before the measurement, and not counted in it. */
  settleSeconds: number;
  /** Requests per second, sent when they are due whether or not earlier ones were answered. Unset: as fast as they are. */
  rate?: number;
  /** Of the only right answer. */
  expectedStatus: number;
}

export interface LoadResult {
  /** Right answers per second. */
  rate: number;
  /** Milliseconds from when a request was sent, or was due, to the end of its answer. */
  p50: number;
  p99: number;
  /** All answers, before and after the measurement too. */
  answers: number;
  wrong: WrongAnswers;
}

/** A request as it goes over the wire. */
export function requestText(request: {
  method: string;
  host: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}): string {
  const { method, host, path, headers = {}, body } = request;
  const all = {
    host,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${body ?? ''}`;
}
