import { randomUUID } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { Reply } from './client.js';
import { checkAnswer } from './contract.js';
import { eventually } from './smtp-server.js';
import type { ServerProcess } from './server-process.js';

/** A request that had no answer. */
export class Unanswered extends Error {
  constructor(
    /** It went over a connection that had carried answers before. */
    readonly wasReused: boolean,
    cause: Error,
  ) {
    super(`${wasReused ? 'an open' : 'a new'} connection: ${cause.message}`, { cause });
  }
}

/**
 * A client with one connection, which stays with the worker that took it. Which one that is tells the log, so the server
 * must log requests.
 */
export class PinnedClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** One connection to each of the workers, by the pid of the worker. */
  static async toEach(server: ServerProcess, workers: number): Promise<Map<number, PinnedClient>> {
    const clients = new Map<number, PinnedClient>();
    await eventually(async () => {
      const client = new PinnedClient(server.url);
      const pid = await client.workerPid(server);
      if (clients.has(pid)) {
        client.close();
      } else {
        clients.set(pid, client);
      }
      return clients.size === workers;
    });
    return clients;
  }

  async workerPid(server: ServerProcess): Promise<number> {
    const id = randomUUID();
    await this.send('GET', '/health/live', undefined, { 'x-request-id': id });
    let line: string | undefined;
    await eventually(() => {
      line = server.output.split('\n').find((it) => it.includes(id) && it.endsWith('}'));
      return line !== undefined;
    });
    return (JSON.parse(line!) as { pid: number }).pid;
  }

  get<Body = unknown>(path: string, headers?: Record<string, string>): Promise<Reply<Body>> {
    return this.send('GET', path, undefined, headers);
  }

  post<Body = unknown>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply<Body>> {
    return this.send('POST', path, body, headers);
  }

  /**
   * Every answer is checked against the OpenAPI document.
   *
   * @throws Unanswered
   */
  async send<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<Body>> {
    const reply = await this.ask(method, path, body, headers);
    checkAnswer({ method, path, ...reply });
    return reply as Reply<Body>;
  }

  /** Unchecked, for many at once. @throws Unanswered */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const outgoing = request(this.url + path, {
        method,
        agent: this.agent,
        headers: { ...type, 'content-length': String(Buffer.byteLength(text)), ...this.headers, ...headers },
      });
      const fail = (error: Error) => reject(new Unanswered(outgoing.reusedSocket, error));
      outgoing.on('error', fail).on('response', (incoming) => void readReply(incoming).then(resolve, fail));
      outgoing.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

async function readReply(incoming: IncomingMessage): Promise<Reply> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) {
    text += chunk as string;
  }
  const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const isJson = headers.get('content-type')?.includes('json');
  return {
    status: incoming.statusCode!,
    headers,
    body: text === '' ? undefined : isJson ? (JSON.parse(text) as unknown) : text,
  };
}
