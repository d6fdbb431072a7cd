import type { FastifyInstance } from 'fastify';
import type { BatchObserver } from '../batching/batcher.js';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { RequestTimes } from './request-times.js';

/** Counts requests and their time by route, batches and mails, beside the numbers of the process itself. One per server. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requestTimes = new RequestTimes(this.registry);

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

  private readonly batchSize = new Histogram({
    name: 'batch_size',
    help: 'Items that travelled to the database together.',
    labelNames: ['batcher'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers: [this.registry],
  });
  private readonly batchWaitSeconds = new Histogram({
    name: 'batch_wait_seconds',
    help: 'How long the first item of a batch waited for it to start.',
    labelNames: ['batcher'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10],
    registers: [this.registry],
  });
  private readonly batchesInFlight = new Gauge({
    name: 'batches_in_flight',
    help: 'Batches that the database is working on.',
    labelNames: ['batcher'],
    registers: [this.registry],
  });

  private gather = () => this.registry.metrics();

  constructor() {
    for (const outcome of ['sent', 'abandoned', 'suppressed']) {
      this.mails.inc({ outcome }, 0);
    }
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts the batches of one batcher under its name. */
  ofBatcher(batcher: string): BatchObserver {
    this.batchesInFlight.set({ batcher }, 0);
    return {
      started: (size, waitedMs) => {
        this.batchSize.observe({ batcher }, size);
        this.batchWaitSeconds.observe({ batcher }, waitedMs / 1000);
        this.batchesInFlight.inc({ batcher });
      },
      ended: () => this.batchesInFlight.dec({ batcher }),
    };
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
      const route = request.routeOptions.url ?? 'unknown';
      this.requestTimes.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    });
  }
}
