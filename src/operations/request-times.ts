import type { Metric, Registry } from 'prom-client';

/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What requests are told apart by. The route is its pattern, never the URL: values in it would make a series each. */
export interface RequestLabels {
  method: string;
  route: string;
  status: number;
}

interface Series {
  labels: RequestLabels;
  /** Requests by bucket; the last one has those that took longer than all bounds. */
  counts: number[];
  /** In seconds. */
  sum: number;
}

/**
 * The histogram of how long requests take, in the form in which prom-client tells it. Its own checks and joins labels and looks
 * for the bucket by its text, which takes seven times as long, and every request is counted.
 */
export class RequestTimes {
  readonly name = 'http_request_duration_seconds';
  /** By route, then by method and status: a key of all three would take longer to make than to look up twice. */
  private readonly series = new Map<string, Map<string, Series>>();

  constructor(registry: Registry) {
    // All that it asks of a metric is `name` and `get`.
    registry.registerMetric(this as unknown as Metric);
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
      one = { labels, counts: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 };
      ofRoute.set(key, one);
    }
    let bucket = 0;
    while (seconds > BOUNDS[bucket]!) {
      bucket++;
    }
    one.counts[bucket]!++;
    one.sum += seconds;
  }

  get(): unknown {
    return {
      name: this.name,
      help: 'Time from the arrival of a request to the end of its answer.',
      type: 'histogram',
      aggregator: 'sum',
      values: [...this.series.values()].flatMap((ofRoute) =>
        [...ofRoute.values()].flatMap((one) => this.valuesOf(one)),
      ),
    };
  }

  /** Each bucket holds those of the ones below it, too. */
  private valuesOf({ labels, counts, sum }: Series): unknown[] {
    let count = 0;
    const buckets = counts.map((ofBucket, i) => {
      count += ofBucket;
      return { metricName: `${this.name}_bucket`, labels: { le: BOUNDS[i] ?? '+Inf', ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
