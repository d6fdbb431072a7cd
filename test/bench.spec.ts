import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir, networkInterfaces } from 'node:os';
import { isIPv6, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './support/run-program.js';

/** `npm run bench` in small. That it works, not how fast anything is. */

const MAIN = fileURLToPath(new URL('../dist/bench/main.js', import.meta.url));
const SMALL = ['--launches', '1', '--rounds', '1', '--seconds', '0.3'];

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

const bench = (...argv: string[]) => runProgram(process.execPath, [MAIN, ...argv]);

function cellsOf(stdout: string): string[][] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it('fills the table, with queries as the database counts them, and exits with 0 whatever the times are', async () => {
  const { exitCode, stdout, stderr } = await bench('me', 'forged', 'read', '--users', '50', ...SMALL);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('bench: read')]);

  const lines = cellsOf(stdout);
  expect(lines.map(([work]) => work)).toEqual([
    '`GET /api/users/me/` by API key',
    '… by access token',
    '… by session',
    '… by API key',
    '… by API key',
    '… by access token',
    '… by session',
    '… by API key',
    'forged credential',
    'credential that was revoked',
    '`POST /v1/user/Read` (authenticated, charged, read), one paying account',
  ]);
  for (const [, , ratio, , rates, times] of lines) {
    expect(ratio).toMatch(/^\*\*\d+\.\d\d\*\* \(\d+\.\d\d to \d+\.\d\d\)$/);
    expect(rates).toMatch(/^[\d,.]+, [\d,.]+$/);
    expect(times).toMatch(/^[\d.]+, [\d.]+ · [\d.]+, [\d.]+$/);
  }
  // Whole numbers and a little of what goes on in the background.
  const queries = lines.map((cells) =>
    cells[6]!.split(', ').map((cell) => (cell === '–' ? 0 : Math.floor(Number(cell)))),
  );
  expect(queries.slice(4, 8).map(([, reference]) => reference)).toEqual([1, 1, 1, 1]);
  expect(queries[8]).toEqual([0, 0]);
  expect(queries[10]![1]).toBeGreaterThanOrEqual(6); // BEGIN, SELECT, UPDATE, INSERT, COMMIT, and what it has in common
  expect(stdout).toMatch(/Node \d+\.\d+\.\d+, PostgreSQL \d+\.\d+\./);
}, 300_000);

describe('--against', () => {
  async function against(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    { host = '127.0.0.1', path = '', argv = [] }: { host?: string; path?: string; argv?: string[] } = {},
  ) {
    const server = createServer((request, response) => {
      request.resume().on('end', () => answer(request, response));
    }).listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      return await bench('--against', `http://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`, ...argv, ...SMALL);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('puts another server under the load, as asked, beside bare Fastify', async () => {
    const seen = new Set<string>();
    let count = 0;
    const { exitCode, stdout } = await against(
      (request, response) => {
        const { method, url, headers } = request;
        seen.add(`${method} ${url} ${headers['x-api-key'] as string} ${headers['content-length']}`);
        count++;
        response.setHeader('content-type', 'application/json').write('{"in":'); // without a length, so in chunks
        response.end('"chunks"}');
      },
      {
        path: '/log%20in:now?as=json',
        argv: ['--method', 'POST', '--header', 'X-Api-Key: secret', '--body', '{}', '--connections', '3'],
      },
    );
    expect(exitCode).toBe(0);
    expect([...seen]).toEqual(['POST /log%20in:now?as=json secret 2']);
    const [line] = cellsOf(stdout);
    expect(line![0]).toMatch(/^`POST http:\/\/127\.0\.0\.1:\d+\/log%20in:now\?as=json`, status 200$/);
    expect(stdout).toContain('Connections: 3.');
    expect(Number(line![4]!.split(', ')[0]!.replaceAll(',', ''))).toBeGreaterThan(0);
    expect(count).toBeGreaterThan(10);
  });

  it('has the credentials of a file take turns, over IPv6 where there is some', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-credentials-'));
    const file = join(folder, 'credentials.txt');
    await writeFile(file, 'one\ntwo\nthree\n');
    const seen = new Map<string, number>();
    try {
      const { exitCode, stdout } = await against(
        ({ headers: { authorization = '' } }, response) => {
          seen.set(authorization, (seen.get(authorization) ?? 0) + 1);
          response.end('ok');
        },
        {
          host: HAS_IPV6 ? '::1' : '127.0.0.1',
          argv: ['--header', 'Authorization: Bearer {credential}', '--credentials', file],
        },
      );
      expect(exitCode).toBe(0);
      expect(cellsOf(stdout)[0]![0]).toMatch(/:\d+\/`, 3 credentials, status 200$/);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect([...seen.keys()].sort()).toEqual(['Bearer one', 'Bearer three', 'Bearer two']);
    // Each load begins with the first of them, and so do the looks at an answer.
    const counts = [...seen.values()];
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(10);
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });

  it('sends at a rate that it is given', async () => {
    let count = 0;
    const { exitCode } = await against(
      (_request, response) => {
        count++;
        response.end('ok');
      },
      { argv: ['--rate', '50'] },
    );
    expect(exitCode).toBe(0);
    // Half a second to warm up, half a second that counts, and the first look.
    expect(count).toBeGreaterThanOrEqual(20);
    expect(count).toBeLessThanOrEqual(60);
  });

  it('tells of every answer that is wrong, and exits with 1', async () => {
    let count = 0;
    const { exitCode, stdout } = await against((request, response) => {
      count++;
      if (count % 10 === 0) {
        request.socket.destroy();
      } else {
        response.statusCode = count % 3 === 0 ? 503 : 200;
        response.end('ok');
      }
    });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^WRONG: .*: status 503, \d+ times$/m);
    expect(stdout).toMatch(/^WRONG: .*: (connection closed|ECONNRESET), \d+ times$/m);
  });
});

it('says what is wrong with the command line, and what there is', async () => {
  const unknown = await bench('mee');
  expect([unknown.exitCode, unknown.stdout]).toEqual([2, '']);
  expect(unknown.stderr).toMatch(/There is no row mee\. There are: me, .*\n\nnpm run bench/);
  expect((await bench('--seconds', 'long')).stderr).toContain('--seconds must be a number from 0.1.');
  expect((await bench('--body', '{}')).stderr).toContain('--body is of use with --against only.');
  expect((await bench('--against', 'http://127.0.0.1:1', '--header', 'x')).stderr).toContain('--header must be like');
  const help = await bench('--help');
  expect([help.exitCode, help.stderr]).toEqual([0, '']);
});
