import type { Configuration } from '../config/configuration.js';
import type { FromWorker, MetricsReport, ToWorker } from './messages.js';

/** What the supervisor may want of a worker. */
export interface Duties {
  serve(configuration: Configuration): void;
  /** Also when the supervisor was killed. */
  drain(reason: string): void;
  reportMetrics(): Promise<MetricsReport>;
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

  /** The numbers of all workers, in the text format of Prometheus. */
  async askMetrics(): Promise<string> {
    const question = ++this.count;
    try {
      return await new Promise((resolve, reject) => {
        this.questions.set(question, { resolve, reject });
        void this.tell({ kind: 'ask-metrics', question });
      });
    } finally {
      this.questions.delete(question);
    }
  }

  private obey(message: ToWorker): void {
    switch (message.kind) {
      case 'serve':
        return this.duties.serve(message.configuration);
      case 'drain':
        return this.duties.drain('the supervisor says so');
      case 'report-metrics':
        void this.duties
          .reportMetrics()
          .then((report) => this.tell({ kind: 'metrics-report', question: message.question, report }));
        return;
      case 'metrics':
        this.questions.get(message.question)?.resolve(message.text);
    }
  }
}
