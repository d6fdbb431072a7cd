import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './support/smtp-server.js';

/** The supervisor with workers that misbehave. */

const SUPERVISE = fileURLToPath(new URL('workers/supervise.mjs', import.meta.url));
const SUPERVISOR = new URL('../dist/src/workers/supervisor.js', import.meta.url).href;

interface Line {
  message: string;
  worker?: number;
  exitCode?: number | null;
  pauseMs?: number;
  problems?: string[];
}

let child: ChildProcess;
let lines: Line[];

function supervise(mood: string): void {
  lines = [];
  child = spawn(process.execPath, [SUPERVISE, SUPERVISOR], {
    env: { PATH: process.env.PATH, WORKER_MOOD: mood },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const whole = text.split('\n');
    text = whole.pop()!;
    lines.push(...whole.map((line) => JSON.parse(line) as Line));
  });
}
afterEach(() => void child.kill('SIGKILL'));

it('gives up with a reason when the workers die before any has served', async () => {
  supervise('dies');
  const [exitCode] = (await once(child, 'close')) as [number];
  expect(exitCode).toBe(1);
  expect(lines.at(-1)).toEqual({
    message: 'failed',
    problems: ['The workers end before they serve: exit code 7.'],
  });
  expect(lines.filter(({ message }) => message.startsWith('a worker ended')).length).toBeGreaterThan(0);
});

it('waits longer and longer when workers that have served die soon, and goes on', async () => {
  supervise('dies-later');
  await eventually(() => lines.filter(({ worker }) => worker).length >= 8);
  expect(lines.map(({ message }) => message)).toContain('all serve');
  const pauses = lines.filter(({ exitCode }) => exitCode === 7).map(({ pauseMs }) => pauseMs);
  expect([...new Set(pauses)].slice(0, 4)).toEqual([100, 200, 400, 800]);
});

it('kills workers that do not end in time', async () => {
  supervise('stubborn');
  await eventually(() => lines.some(({ message }) => message === 'all serve'));
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});
