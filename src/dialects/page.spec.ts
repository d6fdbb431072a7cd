import fc from 'fast-check';
import { decodeCursor, pageOf } from './page.js';

const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ id: i + 1 }));
const page = (count: number, limit: number) =>
  pageOf(
    rows(count),
    limit,
    ({ id }) => `item ${id}`,
    ({ id }) => ['position', id],
  );
const base64 = (text: string) => Buffer.from(text).toString('base64url');

it('is the last without a cursor when there are no more rows than the limit', () => {
  expect(page(0, 2)).toEqual({ items: [], next_cursor: null });
  expect(page(1, 2)).toEqual({ items: ['item 1'], next_cursor: null });
  expect(page(2, 2)).toEqual({ items: ['item 1', 'item 2'], next_cursor: null });
});

it('leaves out the row above the limit, and points at the last that it shows', () => {
  const { items, next_cursor: cursor } = page(3, 2);
  expect(items).toEqual(['item 1', 'item 2']);
  expect(decodeCursor(cursor!, /^position$/, /^\d+$/)).toEqual(['position', '2']);
});

it('writes cursors that a URL carries as they are, and reads them again', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((it) => !it.includes(' ') && it.isWellFormed());
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (position) => {
      const { next_cursor: cursor } = pageOf([1, 2], 1, String, () => position);
      expect(cursor).toBe(encodeURIComponent(cursor!));
      expect(decodeCursor(cursor!, ...position.map(() => /^[^ ]*$/))).toEqual(position);
    }),
  );
});

it.each([
  ['empty', ''],
  ['no base64', '*'],
  ['padded', `${base64('1')}=`],
  ['followed by something', `${base64('1')}!`],
  ['in the other alphabet', Buffer.from('?>?>').toString('base64')],
  ['too few parts', base64('')],
  ['too many parts', base64('1 1')],
  ['another part', base64('x')],
  ['no UTF-8', Buffer.from([0xff]).toString('base64url')],
  ['with spare bits', 'MR'],
])('checklist 46: refuses a cursor that is %s', (_, cursor) => {
  expect(() => decodeCursor(cursor, /^\d{1,15}$/)).toThrow('cursor must be the next_cursor of an earlier answer');
});

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
it.each([
  '2026-02-30T08:00:00.000Z',
  '2026-13-01T08:00:00.000Z',
  '2026-06-20T24:00:00.000Z',
  '0000-01-01T00:00:00.000Z',
])('checklist 46: refuses %s, which is no time', (time) => {
  expect(() => decodeCursor(base64(time), TIME)).toThrow('cursor must be');
});

it('takes the times that there are', () => {
  const time = new Date('2028-02-29T23:59:59.999Z').toISOString();
  expect(decodeCursor(base64(time), TIME)).toEqual([time]);
});
