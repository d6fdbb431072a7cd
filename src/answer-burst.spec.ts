import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { answerInBursts } from './answer-burst.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(answer: RequestListener): Promise<() => Socket> {
  server = createServer(answer);
  answerInBursts(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return () => connect(port, '127.0.0.1');
}

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n');
const bodies = (received: string) => [...received.matchAll(/\r\n\r\n(\S+?)(?=HTTP|$)/g)].map(([, body]) => body);

it('keeps the answers of a turn until its end', async () => {
  const waiting: ServerResponse[] = [];
  const open = await serve((_request, response) => waiting.push(response));
  const clients = [open(), open(), open()];
  clients.forEach((client) => client.write(get('/')));
  while (waiting.length < 3) {
    await endOfTurn();
  }

  const sockets = waiting.map(({ socket }) => socket!);
  waiting.forEach((response) => response.end('body'));
  expect(sockets.map(({ bytesWritten, writableLength }) => bytesWritten - writableLength)).toEqual([0, 0, 0]);
  expect(sockets.every(({ writableLength }) => writableLength > 0)).toBe(true);
  await endOfTurn();
  expect(sockets.map(({ writableLength }) => writableLength)).toEqual([0, 0, 0]);
  for (const client of clients) {
    const [bytes] = (await once(client, 'data')) as [Buffer];
    expect(bodies(String(bytes))).toEqual(['body']);
  }
});

it('lets go of 32 while the others are made', async () => {
  const waiting: ServerResponse[] = [];
  const open = await serve((_request, response) => waiting.push(response));
  Array.from({ length: 40 }, open).forEach((client) => client.write(get('/')));
  while (waiting.length < 40) {
    await endOfTurn();
  }

  const sockets = waiting.map(({ socket }) => socket!);
  const kept = () => sockets.filter(({ writableLength }) => writableLength > 0).length;
  waiting.forEach((response) => response.end('body'));
  expect(kept()).toBe(8);
  await endOfTurn();
  expect(kept()).toBe(0);
});

it('keeps the order of pipelined requests, and closes after the last answer', async () => {
  const open = await serve((request, response) => {
    setTimeout(() => response.end(request.url), request.url === '/slow' ? 20 : 0);
  });
  const client = open();
  client.write(get('/slow') + get('/fast') + get('/last', 'Connection: close'));
  expect(bodies(await text(client))).toEqual(['/slow', '/fast', '/last']);
});

it('lets an answer of many parts through, while it is made and at its end', async () => {
  const part = 'x'.repeat(100_000);
  const open = await serve((_request, response) => {
    response.cork();
    response.write(part);
    setTimeout(() => {
      response.write(part);
      setTimeout(() => response.end(part), 5);
    }, 5);
  });
  const client = open();
  client.write(get('/', 'Connection: close'));
  expect((await text(client)).match(/x/g)).toHaveLength(300_000);
});

it('writes an answer that is one text as one, and gathers the parts of others', async () => {
  const open = await serve((request, response) => {
    response.end(request.url === '/text' ? 'täxt' : Buffer.from('bytes'));
  });
  const written: unknown[] = [];
  server.on('connection', (socket: Socket) => {
    const write = socket._write.bind(socket);
    socket._write = (chunk, encoding, done) => {
      written.push(chunk);
      write(chunk, encoding, done);
    };
  });
  const client = open();

  client.write(get('/text'));
  const [ofText] = (await once(client, 'data')) as [Buffer];
  expect(bodies(String(ofText))).toEqual(['täxt']);
  expect(written).toEqual([String(ofText)]);

  client.write(get('/bytes'));
  const [ofBytes] = (await once(client, 'data')) as [Buffer];
  expect(bodies(String(ofBytes))).toEqual(['bytes']);
  expect(written).toHaveLength(1);
});

it('loses no answer when the server closes in the same turn', async () => {
  const open = await serve((_request, response) => {
    setTimeout(() => {
      response.end('body');
      server.close();
    });
  });
  const client = open();
  client.write(get('/'));
  expect(bodies(await text(client))).toEqual(['body']);
});

it('has nothing to say to a client who is gone', async () => {
  const waiting: ServerResponse[] = [];
  const open = await serve((_request, response) => waiting.push(response));
  const client = open();
  client.write(get('/'));
  while (waiting.length === 0) {
    await endOfTurn();
  }
  waiting[0]!.end('body');
  waiting[0]!.socket!.destroy();
  await endOfTurn();
  expect(await text(client)).toBe('');
});
