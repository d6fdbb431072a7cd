import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './support/server-process.js';

/** The README's shell blocks, run as they stand, in a copy of the checkout, on a port that is free. */

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const START = 'npm ci && npm start';
const TEST = 'npm ci && npm test';

let checkout: string;
let blocks: string[];

beforeAll(async () => {
  const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!.trim());

  checkout = await mkdtemp(join(tmpdir(), 'tollgate-readme-'));
  await chmod(checkout, 0o711); // As root the database runs as another user, who must pass through.
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: REPOSITORY });
  for (const file of stdout.split('\n').filter(Boolean)) {
    await mkdir(dirname(join(checkout, file)), { recursive: true });
    await cp(join(REPOSITORY, file), join(checkout, file));
  }
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

it('the command that proves it is the one that is running now, and the one that CI calls', async () => {
  expect(blocks).toContain(TEST);
  const ci = await readFile(join(REPOSITORY, '.ci/run'), 'utf8');
  expect(ci).toMatch(/^npm ci$/m);
  expect(ci).toMatch(/^npm test\b/m);
});

it('the first command starts it, and the tour does what it says', async () => {
  const port = await freePort();
  const environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(port),
    npm_config_prefer_offline: 'true',
  };
  const server = spawn('bash', ['-c', blocks[0]!], { cwd: checkout, env: environment, detached: true });
  const exit = new Promise<number | null>((resolve) => server.on('close', resolve));
  let output = '';
  const isReady = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Tollgate is ready.')) {
        resolve();
      }
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    void exit.then(() => reject(new Error(`ended before it was ready:\n${output}`)));
  });
  try {
    expect(blocks[0]).toBe(START);
    await isReady;
    expect(output).toMatch(/Admin {2}admin@example\.com, password \S+/);

    const tour = blocks.filter((block) => block !== START && block !== TEST);
    const script = tour.map((block) => `${block}\necho`).join('\n');
    const { stdout } = await run(
      'bash',
      ['-euo', 'pipefail', '-c', script.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)],
      {
        env: environment,
      },
    );
    expect(stdout).toContain('"email":"alice@example.com"');
    expect(stdout).toContain('"first_name":"Alice","last_name":"Smith"');
    expect(stdout).toContain('"spendable_credits":10000');
    expect(stdout).toContain('"amount":-250');
    expect(stdout).toContain('"captured":4200,"status":"captured"');
    expect(stdout).toContain('API Key Updated successfully!');
    expect(stdout.trim().split('\n').at(-1)).toContain('{"code":401,"data":"Not authenticated","status":0}');
  } finally {
    process.kill(-server.pid!, 'SIGTERM');
    await exit;
  }
}, 600_000);
