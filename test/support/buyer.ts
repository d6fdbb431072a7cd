import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PinnedClient, Unanswered } from './pinned-client.js';
import type { ServerProcess } from './server-process.js';

/** Charges one credit after the other, each with a reference of its own, until told to stop or nobody answers any more. */
export class Buyer {
  readonly answered: string[] = [];
  readonly surprises: string[] = [];
  readonly unanswered: Unanswered[] = [];
  private readonly client: PinnedClient;

  constructor(
    server: ServerProcess,
    headers: Record<string, string>,
    /** Whether to go on after a request without an answer. */
    private readonly isPersistent: boolean,
  ) {
    this.client = new PinnedClient(server.url, headers);
  }

  async buyUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const reference = randomUUID();
      try {
        const { status } = await this.client.post('/api/credits/charges/', { amount: 1, operation: 'test', reference });
        (status === 201 ? this.answered : this.surprises).push(status === 201 ? reference : String(status));
      } catch (error) {
        if (error instanceof Unanswered) {
          this.unanswered.push(error);
        } else {
          this.surprises.push(String(error)); // an answer that the document does not know
        }
        if (!this.isPersistent) {
          break;
        }
        await sleep(20);
      }
    }
    this.client.close();
  }
}
