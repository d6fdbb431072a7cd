import { checkAnswer } from './contract.js';

export interface Reply<Body = unknown> {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, text otherwise, undefined when there is none. */
  body: Body;
}

export interface SendOptions {
  headers?: Record<string, string>;
  /** Sent as JSON; a string or bytes as they are. */
  body?: unknown;
}

/** Speaks HTTP to a server under test; every answer is checked against the OpenAPI document. */
export class Client {
  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  get<Body = unknown>(path: string, headers?: Record<string, string>): Promise<Reply<Body>> {
    return this.send('GET', path, { headers });
  }

  post<Body = unknown>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply<Body>> {
    return this.send('POST', path, { body, headers });
  }

  delete<Body = unknown>(path: string, headers?: Record<string, string>): Promise<Reply<Body>> {
    return this.send('DELETE', path, { headers });
  }

  async send<Body = unknown>(method: string, path: string, options: SendOptions = {}): Promise<Reply<Body>> {
    const { body } = options;
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && !isRaw ? { 'content-type': 'application/json' } : {}),
        ...this.headers,
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type');
    const parsed: unknown = text === '' ? undefined : contentType?.includes('json') ? JSON.parse(text) : text;
    if (method !== 'HEAD' && method !== 'OPTIONS') {
      checkAnswer({ method, path, status: response.status, headers: response.headers, body: parsed });
    }
    return { status: response.status, headers: response.headers, body: parsed as Body };
  }
}
