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

/** What stands in a column, as numbers; NaN where there is none. */
const numbersOf = (cell: string) => cell.split(', ').map((text) => (text === '–' ? NaN : Number(text)));

it('fills the table, and exits with 0 whatever the times are', async () => {
  const { exitCode, stdout, stderr } = await bench('--users', '50', '--large', '2000', '--logins', '2', ...SMALL);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('bench: memory')]);

  const lines = cellsOf(stdout);
  const [inTurn, started, resident] = [lines.slice(0, -2), lines.at(-2)!, lines.at(-1)!];
  expect(lines.map(([work, against]) => [work, against])).toEqual([
    ['`GET /api/users/me/` by API key', 'bare Fastify, same bytes'],
    ['… by access token', 'bare Fastify, same bytes'],
    ['… by session', 'bare Fastify, same bytes'],
    ['… by API key', 'bare Fastify, same body, no headers'],
    ['… by API key', 'one query per request through `pg`’s pool, prepared'],
    ['… by access token', 'one query per request through `pg`’s pool, prepared'],
    ['… by session', 'one query per request through `pg`’s pool, prepared'],
    ['… by API key', 'one query per request through `pg`’s pool, not prepared'],
    ['forged credential', 'bare Fastify, same bytes'],
    ['credential that was revoked', 'bare Fastify, same bytes'],
    ['`GET /api/users/me/` among 2,000 people, credentials of all kinds', 'itself among 50'],
    [
      '`POST /v1/user/Read` (authenticated, charged, read), one paying account',
      'a transaction per charge: lock, update, insert, commit',
    ],
    ['`POST /api/credits/charges/`, one hot account', 'itself over 50 accounts'],
    ['login, 2 at once', 'bcrypt of the same cost on all cores, and nothing else'],
    ['p99 of `GET /api/users/me/` at 200/s while 2 log in', 'itself while nobody does'],
    ['rpc `List` at 1,000 of 2,000', 'its own first page (time)'],
    ['first answer after `node dist/src/main.js`, with a database that is up', 'bare Fastify'],
    ['memory, idle after start', '–'],
  ]);
  for (const [, , ratio, , rates, times] of inTurn) {
    expect(ratio).toMatch(/^\*\*\d+\.\d\d\*\* \(\d+\.\d\d to \d+\.\d\d\)$/);
    expect(rates).toMatch(/^[\d,.]+, [\d,.]+$/);
    expect(times).toMatch(/^[\d.]+, [\d.]+ · ([\d.]+, [\d.]+|–, –)$/); // bcrypt alone is not asked anything
  }
  expect(started[2]).toMatch(/^\*\*\d+\.\d\d\*\* /);
  expect(started.slice(4)).toEqual(['–, –', expect.stringMatching(/^\d+, – · \d+, –$/), '–, –']);
  expect(resident[2]).toMatch(/^\*\*\d+\*\* MiB /);
  expect(stdout).toMatch(
    /Node \d+\.\d+\.\d+, PostgreSQL \d+\.\d+\. .* of 0\.3 s each \(login: 0\.75 s, storm: 0\.75 s\)\.$/m,
  );

  // As the database counts them: what arrives together is looked up and charged together, here and not in the references.
  const queries = lines.map((cells) => numbersOf(cells[6]!));
  for (const line of [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12]) {
    expect([line, queries[line]![0]! < 0.5]).toEqual([line, true]);
  }
  for (const line of [4, 5, 6, 7]) {
    expect([line, Math.floor(queries[line]![1]!)]).toEqual([line, 1]); // and a little of what goes on in the background
  }
  expect(queries[11]![1]).toBeGreaterThanOrEqual(6); // BEGIN, SELECT, UPDATE, INSERT, COMMIT, and what it has in common
}, 300_000);

it('a forged credential makes no query, where each that was revoked makes one', async () => {
  // From one client, so that no lookup has company.
  const { exitCode, stdout } = await bench('forged', '--users', '50', '--connections', '1', ...SMALL);
  expect(exitCode).toBe(0);
  const [forged, revoked] = cellsOf(stdout).map((cells) => numbersOf(cells[6]!)[0]!);
  expect(forged).toBeLessThan(0.5);
  expect(revoked).toBeGreaterThanOrEqual(0.9);
}, 60_000);

it('tells where the time goes, of all of it', async () => {
  const { exitCode, stdout } = await bench('--profile', '--users', '50', '--seconds', '0.5');
  expect(exitCode).toBe(0);
  const shares = new Map(cellsOf(stdout).map(([owner, share]) => [owner, parseInt(share!)]));
  expect([...shares.keys()]).toEqual(
    expect.arrayContaining(['Node itself', 'our own code', 'writing to sockets', '`fastify`', '`@nestjs/core`']),
  );
  expect([...shares.keys()].at(-1)).toBe('idle, of all its time');
  const busy = [...shares.values()].slice(0, -1).reduce((sum, share) => sum + share);
  expect(Math.abs(busy - 100)).toBeLessThanOrEqual(shares.size); // each is rounded
  expect(stdout).toMatch(
    /^`GET \/api\/users\/me\/` by API key, 64 connections: [\d,]+ requests\/s under the profiler\./m,
  );
}, 60_000);

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
