import { Histogram, type Registry } from 'prom-client';

const METRIC = {
  name: 'http_request_duration_seconds',
  help: 'Time from the arrival of a request to the end of its answer.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  registers: [],
};

/** What requests are told apart by. The route is its pattern, never the URL: values in it would make a series each. */
export interface RequestLabels {
  method: string;
  route: string;
  status: number;
}

/**
 * The histogram of how long requests take, put together of one for each combination of labels: to check and join labels takes
 * prom-client longer than to count, and every request is counted.
 */
export class RequestTimes {
  readonly name = METRIC.name;
  /** By route, then by method and status: a key of all three would take longer to make than to look up twice. */
  private readonly series = new Map<string, Map<string, { labels: RequestLabels; times: Histogram }>>();

  constructor(registry: Registry) {
    // All that it asks of a metric is `name` and `get`.
    registry.registerMetric(this as unknown as Histogram);
  }

  observe(labels: RequestLabels, seconds: number): void {
    let ofRoute = this.series.get(labels.route);
    if (!ofRoute) {
      ofRoute = new Map();
      this.series.set(labels.route, ofRoute);
    }
    const key = labels.method + labels.status;
    let one = ofRoute.get(key);
    if (!one) {
      one = { labels, times: new Histogram(METRIC) };
      ofRoute.set(key, one);
    }
    one.times.observe(seconds);
  }

  async get(): Promise<unknown> {
    const series = await Promise.all(
      [...this.series.values()]
        .flatMap((ofRoute) => [...ofRoute.values()])
        .map(async ({ labels, times }) =>
          (await times.get()).values.map((value) => ({ ...value, labels: { ...value.labels, ...labels } })),
        ),
    );
    return { ...(await new Histogram(METRIC).get()), values: series.flat() };
  }
}
