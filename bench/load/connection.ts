import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.js';

const RECEIVED_MAX_BYTES = 65_536;
const RECONNECT_AFTER_MS = 10;

export interface ConnectionEvents {
  /** Ready for the first request, or for the next one after an answer or a failure. */
  onFree(connection: Connection): void;
  onAnswer(connection: Connection, status: number): void;
  /** Closed by the server or the network, and being made again; with the reason if that is a failure. */
  onLost(connection: Connection, failure: string | undefined): void;
}

/** One connection that is kept alive, with one request at a time; made again when the server closes it. */
export class Connection {
  /** When what is being answered was sent, or was due (`performance.now()`). */
  since = 0;
  private socket: Socket | undefined;
  private isWaiting = false;
  private isClosed = false;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly events: ConnectionEvents,
  ) {
    this.open();
  }

  send(request: Buffer, since: number): void {
    this.since = since;
    this.isWaiting = true;
    this.socket!.write(request);
  }

  close(): void {
    this.isClosed = true;
    this.socket?.destroy();
  }

  private open(): void {
    const reader = new AnswerReader();
    const buffer = Buffer.allocUnsafe(RECEIVED_MAX_BYTES);
    let isLast = false;
    let failure: string | undefined;
    const socket = connect({
      host: this.host,
      port: this.port,
      noDelay: true,
      // One buffer for all that is ever received: nothing to allocate, nothing to collect.
      onread: {
        buffer,
        callback: (length) => {
          const answer = reader.read(buffer.subarray(0, length));
          if (answer && this.isWaiting) {
            this.isWaiting = false;
            this.events.onAnswer(this, answer.status);
            isLast = answer.isLast;
            if (isLast) {
              socket.destroy();
            } else if (!this.isClosed) {
              this.events.onFree(this);
            }
          }
          return true;
        },
      },
    });
    this.socket = socket;
    socket.on('connect', () => !this.isClosed && this.events.onFree(this));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.on('close', () => {
      if (this.isClosed) {
        return;
      }
      failure ??= this.isWaiting ? 'connection closed' : undefined;
      this.isWaiting = false;
      this.events.onLost(this, failure);
      setTimeout(() => !this.isClosed && this.open(), isLast ? 0 : RECONNECT_AFTER_MS);
    });
  }
}
