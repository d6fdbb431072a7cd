import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescriptorOutput } from './descriptor-output.js';

let folder: string;
let opened: number[];
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-output-'));
  opened = [];
  said = [];
});
afterEach(() => {
  opened.forEach((descriptor) => closeSync(descriptor));
  rmSync(folder, { recursive: true });
});

function open(path: string, flags: string | number): number {
  const descriptor = openSync(path, flags);
  opened.push(descriptor);
  return descriptor;
}

const outputTo = (descriptor: number) => new DescriptorOutput(descriptor, (sentence) => said.push(sentence));

it('writes texts of any length and language, one after the other', () => {
  const file = join(folder, 'log');
  const output = outputTo(open(file, 'w'));
  const texts = ['a line\n', 'Grüße, 世界 🦊\n', `${'ä'.repeat(100_000)}\n`, 'x'.repeat(21_845) + '\n', 'the last\n'];
  texts.forEach((text) => output.write(text));
  expect(readFileSync(file, 'utf8')).toBe(texts.join(''));
  expect(said).toEqual([]);
});

it('checklist 70: loses what finds no room, and says so once', () => {
  const output = outputTo(open('/dev/full', 'w'));
  output.write('a line\n');
  output.write('another\n');
  expect(said).toEqual([expect.stringMatching(/cannot be written.*ENOSPC/)]);
});

it('checklist 70: waits a moment for a reader who is behind, then for nobody until it reads again', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const output = outputTo(open(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
  const received = () => {
    const bytes = Buffer.alloc(1_000_000);
    return bytes.toString('utf8', 0, readSync(reader, bytes));
  };
  const lines = 'a line that is long enough\n'.repeat(10_000);

  output.write(lines);
  expect(said).toEqual([expect.stringMatching(/cannot be written.*EAGAIN/)]);
  const startedAt = performance.now();
  for (let i = 0; i < 100; i++) {
    output.write('a line that nobody reads\n');
  }
  // Each of them would have waited as long as the first.
  expect(performance.now() - startedAt).toBeLessThan(50_000);
  expect(said).toHaveLength(1);

  const first = received();
  expect(lines.startsWith(first)).toBe(true);
  expect(first.endsWith('\n')).toBe(false);
  output.write('the next\n');
  output.write('and one more\n');
  expect(received()).toBe('\nthe next\nand one more\n');
  expect(said.slice(1)).toEqual(['The log can be written again.']);
});

it('checklist 70: waits for a reader who is slow no longer than for one who reads nothing', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const slowly = `while dd bs=1000 count=1 of=/dev/null 2>/dev/null; do sleep 0.1; done <${pipe}`;
  const reader = spawn('sh', ['-c', slowly], { stdio: 'ignore' });
  const ended = once(reader, 'close');
  try {
    const whileItOpens = openSync(pipe, 'w');
    const output = outputTo(open(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    closeSync(whileItOpens);
    output.write('a line that is long enough\n'.repeat(10_000));
    expect(said).toEqual([expect.stringMatching(/cannot be written.*EAGAIN/)]);
  } finally {
    reader.kill('SIGKILL');
    await ended;
  }
});

it('checklist 70: lines of several processes stay whole, though their reader is behind', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const outputs = [1, 2].map(
    () => new DescriptorOutput(open(pipe, constants.O_WRONLY | constants.O_NONBLOCK), (it) => said.push(it), true),
  );
  const line = `${'x'.repeat(98)}\n`;
  const bytes = Buffer.alloc(1_000_000);
  const received = (length = bytes.length) => bytes.toString('utf8', 0, readSync(reader, bytes, 0, length, null));

  outputs[0]!.write(line.repeat(1_000)); // There is room for two thirds of them.
  const first = received(9_000);
  outputs[1]!.write(line.repeat(1_000));
  const rest = received();
  outputs.forEach((output) => output.write(line));
  const all = first + rest + received();
  expect(all.length).toBeGreaterThan(65_536);
  expect(all.replaceAll(line, '')).toBe('');
  expect(said).toHaveLength(4);
});
