import { InvalidCursor } from '../errors/request.errors.js';

/** `{items, next_cursor}`: how every list of the rest dialect is answered. */
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/**
 * Makes a page of rows that were asked for with one more than the limit, so that a last page is known as the last.
 *
 * @param positionOf where a row stands in the list's order; goes into the cursor
 */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => Item,
  positionOf: (row: Row) => (string | number)[],
): Page<Item> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(toItem),
    next_cursor: last === undefined ? null : encodeCursor(positionOf(last)),
  };
}

/** A time in a cursor, in milliseconds, as `toISOString` writes it. */
export const CURSOR_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function encodeCursor(position: (string | number)[]): string {
  return Buffer.from(position.join(' ')).toString('base64url');
}

/**
 * The position that a cursor stands for: one string per pattern.
 *
 * @throws InvalidCursor when it is not one of ours
 */
export function decodeCursor(cursor: string, ...patterns: RegExp[]): string[] {
  const parts = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const isOurs =
    encodeCursor(parts) === cursor &&
    parts.length === patterns.length &&
    parts.every((part, i) => patterns[i]!.test(part) && isNoImpossibleTime(part));
  if (!isOurs) {
    throw new InvalidCursor();
  }
  return parts;
}

/** False for what is written as a time but is none, such as the 31st of February: no pattern can tell. */
function isNoImpossibleTime(part: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(part)) {
    return true;
  }
  const time = new Date(part);
  // PostgreSQL knows no year 0.
  return !Number.isNaN(time.getTime()) && time.toISOString() === part && time.getUTCFullYear() > 0;
}
