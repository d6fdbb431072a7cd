import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Counts requests and their time by route, and mails, beside the numbers of the process itself. One per server. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  readonly mails = new Counter({
    name: 'mails_total',
    help: 'Mails that this process is done with, by what became of them.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly mailsWaiting = new Gauge({
    name: 'mails_waiting',
    help: 'Mails in the database that are neither sent nor given up.',
    aggregator: 'max', // of one database, whoever counts
    registers: [this.registry],
  });

  private gather = () => this.registry.metrics();

  constructor() {
    for (const outcome of ['sent', 'abandoned', 'suppressed']) {
      this.mails.inc({ outcome }, 0);
    }
    collectDefaultMetrics({ register: this.registry });
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.gather();
  }

  /** For one of several processes behind one port: whichever is asked tells the numbers of all. */
  gatherFrom(source: () => Promise<string>): void {
    this.gather = source;
  }

  watch(server: FastifyInstance): void {
    server.addHook('onResponse', (request, reply, done) => {
      // The pattern of the route, never the URL: its values would make a series each.
      const route = request.routeOptions.url ?? 'unknown';
      this.requestSeconds.observe(
        { method: request.method, route, status: reply.statusCode },
        reply.elapsedTime / 1000,
      );
      done();
    });
  }
}
