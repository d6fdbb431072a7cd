import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MetricsReport } from './messages.js';
import type { WorkerProcess } from './worker-process.js';

const PATIENCE_MS = 1_000;
/** Kinds of metrics that only go up, as they are named in a report. */
const COUNTING = new Set(['counter', 'histogram', 'summary']);

/**
 * The numbers of all workers together: counts are added up, as the metrics themselves say how. What a worker that ended had
 * counted stays counted, as far as it was ever asked for: a sum that went down would look like a restart, and then like
 * everything happening once more.
 */
export class CombinedMetrics {
  private readonly latest = new Map<WorkerProcess, MetricsReport>();
  private ofEnded: MetricsReport = [];
  private questions = 0;

  add(worker: WorkerProcess): void {
    this.latest.set(worker, []);
    void worker.ended.then(() => this.retire(worker));
  }

  /** In the text format of Prometheus. A worker that is too busy to answer is shown as it was. Rejects when they do not add up. */
  async text(): Promise<string> {
    const question = ++this.questions;
    await Promise.all(
      [...this.latest.keys()].map(async (worker) => {
        const report = await worker.reportMetrics(question, PATIENCE_MS);
        if (report && this.latest.has(worker)) {
          sumOf([report]); // What does not add up is not kept, or every sum from now on would fail.
          this.latest.set(worker, report);
        }
      }),
    );
    return sumOf([...this.latest.values(), this.ofEnded]).metrics();
  }

  private retire(worker: WorkerProcess): void {
    const report = this.latest.get(worker) ?? [];
    this.latest.delete(worker);
    const counts = report.filter(({ type }) => COUNTING.has(type as unknown as string));
    this.ofEnded = sumOf([this.ofEnded, counts]).getMetricsAsArray() as MetricsReport;
  }
}

function sumOf(reports: MetricsReport[]): Registry {
  return AggregatorRegistry.aggregate(reports);
}
