import type { Profiler, Runtime } from 'node:inspector';
import { IDLE } from './owner.js';

/** What is less than that stands together. */
const TOLD_FROM = 0.01;
const REST = 'the rest, less than 1 % each';

export interface Shares {
  /** Of the whole, from 0 to 1. */
  idle: number;
  /** Of what is not idle: the largest first, the rest last. */
  busy: [owner: string, share: number][];
}

/** The samples of a profile, by those whom `ownerOf` says they belong to. */
export function sharesOf(
  { nodes }: Pick<Profiler.Profile, 'nodes'>,
  ownerOf: (frame: Runtime.CallFrame, caller: Runtime.CallFrame | undefined) => string,
): Shares {
  const callers = new Map(nodes.flatMap(({ callFrame, children = [] }) => children.map((id) => [id, callFrame])));
  const samples = new Map<string, number>();
  for (const { id, callFrame, hitCount = 0 } of nodes) {
    const owner = ownerOf(callFrame, callers.get(id));
    samples.set(owner, (samples.get(owner) ?? 0) + hitCount);
  }
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  const idle = samples.get(IDLE) ?? 0;
  const all = sum(samples.values());
  samples.delete(IDLE);

  const shares = [...samples].map(([owner, count]): [string, number] => [owner, count / (all - idle)]);
  const told = shares.filter(([, share]) => share >= TOLD_FROM).sort(([, a], [, b]) => b - a);
  const rest = sum(shares.filter(([, share]) => share < TOLD_FROM).map(([, share]) => share));
  return { idle: idle / all, busy: rest > 0 ? [...told, [REST, rest]] : told };
}
