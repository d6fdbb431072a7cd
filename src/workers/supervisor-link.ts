import type { Configuration } from '../config/configuration.js';
import type { FromWorker, MetricsReport, ToWorker } from './messages.js';

/** The supervisor itself waits a second for workers that do not answer. */
const METRICS_PATIENCE_MS = 5_000;

/** What the supervisor may want of a worker. */
export interface Duties {
  serve(configuration: Configuration): void;
  /** Also when the supervisor was killed. */
  drain(reason: string): void;
  /** Undefined when that fails. Never rejects. */
  reportMetrics(): Promise<MetricsReport | undefined>;
}

/** A worker's end of the line to its supervisor. */
export class SupervisorLink {
  private readonly questions = new Map<number, { resolve(text: string): void; reject(error: Error): void }>();
  private count = 0;

  constructor(private readonly duties: Duties) {
    process.on('message', (message: ToWorker) => this.obey(message));
    process.on('disconnect', () => {
      this.questions.forEach(({ reject }) => reject(new Error('the supervisor is gone')));
      duties.drain('the supervisor is gone');
    });
    void this.tell({ kind: 'hears' });
  }

  /** Resolves when it is on its way. */
  tell(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      process.send!(message, () => resolve());
    });
  }

  /** The numbers of all workers, in the text format of Prometheus. Rejects when the supervisor cannot tell, or does not. */
  async askMetrics(): Promise<string> {
    const question = ++this.count;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.questions.set(question, { resolve, reject });
        timer = setTimeout(() => reject(new Error('the supervisor does not answer')), METRICS_PATIENCE_MS);
        void this.tell({ kind: 'ask-metrics', question });
      });
    } finally {
      clearTimeout(timer);
      this.questions.delete(question);
    }
  }

  private obey(message: ToWorker): void {
    switch (message.kind) {
      case 'serve':
        return this.duties.serve(message.configuration);
      case 'drain':
        return this.duties.drain('the supervisor says so');
      case 'show-life':
        void this.tell({ kind: 'lives' });
        return;
      case 'report-metrics':
        void this.duties
          .reportMetrics()
          .then((report) => this.tell({ kind: 'metrics-report', question: message.question, report }));
        return;
      case 'metrics':
        return this.hearMetrics(message.question, message.text);
    }
  }

  private hearMetrics(question: number, text?: string): void {
    const asked = this.questions.get(question);
    if (text === undefined) {
      asked?.reject(new Error('the supervisor could not collect the metrics; its log says why'));
    } else {
      asked?.resolve(text);
    }
  }
}
