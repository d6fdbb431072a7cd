import { request } from 'node:http';

export interface Question {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface PlainAnswer {
  status: number;
  /** As they came, in their order: name, value, name, value. */
  rawHeaders: string[];
  body: string;
}

/** Where a server listens. */
export interface Address {
  host: string;
  port: number;
}

/** One request over a connection of its own. */
export function ask(server: Address, { method, path, headers = {}, body }: Question): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const asking = request({ ...server, method, path, headers: { ...type, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, rawHeaders: response.rawHeaders, body: text }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
