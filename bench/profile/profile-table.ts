import { markdownTable } from '../markdown.js';
import type { Shares } from './shares.js';

/** In Markdown: the shares of what the main thread does, and how much of its time it does nothing. */
export function profileTable({ busy, idle }: Shares): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return markdownTable(
    ['of the time that the main thread is not idle', 'share'],
    [...busy.map(([owner, share]) => [owner, percent(share)]), ['idle, of all its time', percent(idle)]],
  );
}
