import { setImmediate as endOfTurn } from 'node:timers/promises';
import { LineBuffer } from './line-buffer.js';

let written: string[];
let buffer: LineBuffer;

beforeEach(() => {
  written = [];
  buffer = new LineBuffer({ write: (text) => written.push(text) });
});

it('writes the lines of a turn at its end, in their order, made or not', async () => {
  buffer.write('1\n');
  buffer.write(() => '2\n');
  buffer.write('3\n');
  expect(written).toEqual([]);
  await endOfTurn();
  expect(written).toEqual(['1\n2\n3\n']);

  buffer.write(() => '4\n');
  await endOfTurn();
  expect(written).toEqual(['1\n2\n3\n', '4\n']);
});

it('makes a line once, when it is written', async () => {
  let made = 0;
  buffer.write(() => `${++made}\n`);
  expect(made).toBe(0);
  buffer.flushSync();
  expect(written).toEqual(['1\n']);
  await endOfTurn();
  buffer.flushSync();
  expect(written).toEqual(['1\n']);
});
