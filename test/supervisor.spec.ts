import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runProgram } from './support/run-program.js';
import { eventually } from './support/smtp-server.js';

/** The supervisor with workers that misbehave. */

const SUPERVISE = fileURLToPath(new URL('workers/supervise.mjs', import.meta.url));
const ASK_OFTEN = fileURLToPath(new URL('workers/ask-often.mjs', import.meta.url));

interface Line {
  message: string;
  worker?: number;
  exitCode?: number | null;
  signal?: string | null;
  pauseMs?: number;
  problems?: string[];
  reason?: string;
}

let child: ChildProcess;
let lines: Line[];

/** @param limits of the shell, such as `-n 64` */
function supervise(mood: string, limits?: string): void {
  const own: Line[] = []; // The supervisor of the test before may still have something to say.
  lines = own;
  const limited = limits === undefined ? 'exec "$@"' : `ulimit ${limits} && exec "$@"`;
  child = spawn('sh', ['-c', limited, 'sh', process.execPath, SUPERVISE], {
    env: { PATH: process.env.PATH, WORKER_MOOD: mood },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const whole = text.split('\n');
    text = whole.pop()!;
    own.push(...whole.map((line) => JSON.parse(line) as Line));
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

it.each(['program-is-gone', 'settings-are-wrong', 'no-files-are-left'])(
  'checklist 70: goes on, and fills the place, when no process can be started for a while: %s',
  async (mood) => {
    supervise(mood, '-n 64');
    await eventually(() => lines.some(({ message }) => message === 'all serve again'));
    const ends = lines.filter(({ message }) => message === 'a worker ended; another one takes its place');
    expect(ends[0]).toMatchObject({ signal: 'SIGKILL', pauseMs: 100 });
    expect(ends[1]).toMatchObject({
      pauseMs: 200,
      problems: [expect.stringMatching(/^A process cannot be started: ./)],
    });
    expect(ends.length).toBeGreaterThan(2);
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  },
);

const STUCK = 'a worker gives no sign of life and is killed';

it('checklist 70: kills a worker whose event loop is blocked, and another one takes its place', async () => {
  supervise('blocks');
  await eventually(() => lines.filter(({ message }) => message === STUCK).length >= 4);
  const stuck = lines.filter(({ message }) => message === STUCK).map(({ worker }) => worker);
  expect(new Set(stuck).size).toBe(stuck.length);
  expect(lines).toContainEqual(expect.objectContaining({ worker: stuck[0], signal: 'SIGKILL', pauseMs: 100 }));
});

describe('has patience with a worker that', () => {
  const allServe = () => eventually(() => lines.some(({ message }) => message === 'all serve'));

  it('is busy', async () => {
    supervise('is-busy');
    await allServe();
    await sleep(5_000);
    expect(lines).toEqual([{ message: 'all serve' }]);
  });

  it('takes long to start', async () => {
    supervise('starts-slowly');
    await allServe();
    expect(lines).toEqual([{ message: 'all serve' }]);
  });

  it('drains', async () => {
    supervise('drains-long');
    await allServe();
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(lines).toEqual([{ message: 'all serve' }]);
  });
});

it('kills workers that do not end in time', async () => {
  supervise('stubborn');
  await eventually(() => lines.some(({ message }) => message === 'all serve'));
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});

it('keeps no metrics that a worker has told', async () => {
  const { stdout, stderr } = await runProgram(process.execPath, ['--expose-gc', ASK_OFTEN]);
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^[012]$/), '']);
});

it('tells whoever asks for metrics that do not add up that there are none, and logs why', async () => {
  supervise('talks-nonsense');
  await eventually(() => lines.filter(({ message }) => message === 'no metrics').length === 2);
  expect(lines).toContainEqual({
    message: 'no metrics',
    reason: 'the supervisor could not collect the metrics; its log says why',
  });
  expect(lines.map(({ message }) => message)).toContain('could not collect the metrics of the workers');
  expect(lines.map(({ message }) => message)).not.toContain('a worker ended; another one takes its place');
});
