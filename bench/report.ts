import { addUp } from './load/wrong-answers.js';
import { markdownTable } from './markdown.js';
import type { Effort, SideResult } from './measuring/interleave.js';
import type { Measurement } from './measuring/side.js';
import { median } from './measuring/statistics.js';
import { USUAL } from './options.js';
import type { Line, Row } from './rows/row.js';

const HEAD = [
  'work',
  'against',
  'median (of the rounds)',
  'wanted',
  'requests/s',
  'p50, p99 in ms',
  'queries per request',
];

/** The lines as a Markdown table. Where there are two numbers, the second is the reference's. */
export function tableOf(lines: Line[]): string {
  return markdownTable(HEAD, lines.map(cellsOf));
}

/** How much was measured, in words; connections only when they are not as many as usual. */
export function effortInWords(
  { launches, rounds, seconds, connections }: Effort & { connections: number },
  rows: Pick<Row, 'name' | 'roundFactor'>[],
): string {
  const longer = rows.flatMap(({ name, roundFactor }) => (roundFactor ? [`${name}: ${seconds * roundFactor} s`] : []));
  const exceptions = longer.length > 0 ? ` (${longer.join(', ')})` : '';
  const unusual = connections === USUAL.connections ? '' : ` Connections: ${connections}.`;
  return `Launches of each server: ${launches}; rounds for each: ${rounds}; of ${seconds} s each${exceptions}.${unusual}`;
}

/** What was wrong on any side, in words; empty when everything was answered as it should be. */
export function wrongAnswers(lines: Line[]): string[] {
  const sides = new Set(lines.flatMap(({ subject, reference }) => [subject, reference]));
  return lines.flatMap(({ work, against, subject, reference }) =>
    [
      { name: work, side: subject },
      { name: against, side: reference },
    ].flatMap(({ name, side }) => {
      // A side may be in several lines, and is told of once.
      return side && sides.delete(side) ? wrongIn(name, side.rounds) : [];
    }),
  );
}

export function wrongIn(name: string, rounds: Measurement[]): string[] {
  const counts = addUp(rounds.map(({ wrong }) => wrong));
  return Object.entries(counts).map(([what, count]) => `${name}: ${what}, ${count} times`);
}

function cellsOf({ work, against, values, unit, target, subject, reference }: Line): string[] {
  const digits = unit ? 0 : 2;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = median(values);
  return [
    work,
    against,
    `**${middle.toFixed(digits)}**${unit ? ` ${unit}` : ''} (${low.toFixed(digits)} to ${high.toFixed(digits)})`,
    wanted(target, middle, subject, digits),
    both(subject, reference, ({ rounds }) => rate(median(rounds.map((it) => it.rate ?? NaN)))),
    both(subject, reference, (side) => `${milliseconds(side, 'p50')}, ${milliseconds(side, 'p99')}`, ' · '),
    both(subject, reference, ({ queriesPerRequest }) => queriesPerRequest?.toFixed(2) ?? '–'),
  ];
}

function wanted(target: Line['target'], value: number, subject: SideResult | undefined, digits: number): string {
  const { atLeast, atMost, p99BelowMs } = target ?? {};
  const p99 = subject && median(subject.rounds.map((it) => it.p99 ?? NaN));
  const wishes: [string, boolean][] = [];
  if (atLeast !== undefined) {
    wishes.push([`≥ ${atLeast.toFixed(digits)}`, value >= atLeast]);
  }
  if (atMost !== undefined) {
    wishes.push([`≤ ${atMost.toFixed(digits)}`, value <= atMost]);
  }
  if (p99BelowMs !== undefined) {
    wishes.push([`p99 < ${p99BelowMs} ms`, p99 !== undefined && p99 < p99BelowMs]);
  }
  return wishes.map(([wish, isMet]) => `${wish} ${isMet ? '✓' : '✗'}`).join('; ') || '–';
}

function both(
  subject: SideResult | undefined,
  reference: SideResult | undefined,
  show: (side: SideResult) => string,
  between = ', ',
): string {
  return [subject, reference].flatMap((side) => (side ? [show(side)] : [])).join(between) || '–';
}

function rate(perSecond: number): string {
  if (Number.isNaN(perSecond)) {
    return '–';
  }
  return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US');
}

function milliseconds({ rounds }: SideResult, key: 'p50' | 'p99'): string {
  const value = median(rounds.map((round) => round[key] ?? NaN));
  return Number.isNaN(value) ? '–' : value.toFixed(value < 100 ? 1 : 0);
}
