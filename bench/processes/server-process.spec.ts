import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resources } from './resources.js';
import { ServerProcess } from './server-process.js';

/** Answers with the status and the body that it is given; ends when it is told to. */
const SERVER = `
  const [status, body] = process.argv.slice(2);
  require('node:http')
    .createServer((request, response) => response.writeHead(Number(status)).end(body))
    .listen(process.env.PORT, '127.0.0.1');
  process.on('message', (message) => (message === 'end' ? process.exit(3) : process.send(message + '!')));
`;

const resources = new Resources();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-server-process-'));
  await writeFile(join(folder, 'server.cjs'), SERVER);
});
afterAll(async () => {
  await resources.stop();
  await rm(folder, { recursive: true });
});

const start = async (...argv: string[]) =>
  resources.hold(
    await ServerProcess.start({
      script: join(folder, 'server.cjs'),
      argv,
      nodeFlags: [],
      hasChannel: true,
      probe: { question: { method: 'GET', path: '/' }, right: { status: 200, body: '"id":7' } },
    }),
  );

it('has started when it gives the right answer', async () => {
  const server = await start('200', '{"id":7}');
  expect(server.firstAnswer).toMatchObject({ status: 200, body: '{"id":7}' });
});

it('has not started when it gives another one', async () => {
  await expect(start('500', '{"id":7}')).rejects.toThrow('was to answer 200 with "id":7, and answered 500: {"id":7}');
  await expect(start('200', '{"id":8}')).rejects.toThrow('and answered 200: {"id":8}');
});

it('is told something and answers, unless it ends', async () => {
  const server = await start('200', '{"id":7}');
  expect(await server.tell('begin')).toBe('begin!');
  await expect(server.tell('end')).rejects.toThrow('The server ended.');
});
