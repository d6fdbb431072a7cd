import { effortInWords, tableOf, wrongAnswers } from './report.js';
import type { Line } from './rows/row.js';

const LINE: Line = {
  work: 'ours',
  against: 'theirs',
  values: [0.5, 0.7, 0.4],
  target: { atLeast: 0.5, p99BelowMs: 3 },
  subject: {
    rounds: [
      { rate: 1000, p50: 1, p99: 4, wrong: { 'status 503': 2 } },
      { rate: 1400, p50: 1, p99: 2, wrong: { 'status 503': 1, ECONNRESET: 1 } },
      { rate: 800, p50: 3, p99: 3.5 },
    ],
    queriesPerRequest: 0.254,
  },
  reference: { rounds: [{ rate: 2000, p50: 0.5, p99: 0.6 }] },
};

const cells = (line: Line) =>
  tableOf([line])
    .split('\n')[2]!
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

it('a line has medians, the spread, what was wanted, and both sides', () => {
  expect(cells(LINE)).toEqual([
    'ours',
    'theirs',
    '**0.50** (0.40 to 0.70)',
    '≥ 0.50 ✓; p99 < 3 ms ✗',
    '1,000, 2,000',
    '1.0, 3.5 · 0.5, 0.6',
    '0.25, –',
  ]);
});

it('a line with a unit stands alone', () => {
  const line: Line = { work: 'memory', against: '–', values: [131.4], unit: 'MiB', target: { atMost: 130 } };
  expect(cells(line)).toEqual(['memory', '–', '**131** MiB (131 to 131)', '≤ 130 ✗', '–', '–', '–']);
});

it('all columns are as wide as their widest cell', () => {
  const widths = tableOf([LINE, { ...LINE, work: 'longer than ours' }])
    .split('\n')
    .map((row) => row.length);
  expect(new Set(widths).size).toBe(1);
});

it('wrong answers are told once, however many lines the side is in', () => {
  expect(wrongAnswers([LINE, { ...LINE, work: 'again' }])).toEqual([
    'ours: status 503, 3 times',
    'ours: ECONNRESET, 1 times',
  ]);
});

it('says how much was measured, and what was not as usual', () => {
  const effort = { launches: 3, rounds: 2, seconds: 4, connections: 64 };
  const rows = [{ name: 'me' }, { name: 'login', roundFactor: 2.5 }, { name: 'storm', roundFactor: 2.5 }];
  const usual = 'Launches of each server: 3; rounds for each: 2; of 4 s each';
  expect(effortInWords(effort, [{ name: 'me' }])).toBe(`${usual}.`);
  expect(effortInWords(effort, rows)).toBe(`${usual} (login: 10 s, storm: 10 s).`);
  expect(effortInWords({ ...effort, connections: 16 }, [])).toBe(`${usual}. Connections: 16.`);
});
