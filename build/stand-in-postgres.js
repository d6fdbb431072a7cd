import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Speaks just enough of PostgreSQL's protocol (version 3) for a server to start on it. Every query finds nothing, but for
 * those of a start.
 *
 * @returns the URL of a database that does not exist
 */
export async function standInPostgres() {
  const server = createServer((socket) => {
    let unread = Buffer.alloc(0);
    let isStarted = false;
    let rows = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let head = isStarted ? 1 : 0; unread.length >= head + 4; head = 1) {
        const end = head + unread.readInt32BE(head);
        if (unread.length < end) {
          return;
        }
        const [type, text] = [
          isStarted ? String.fromCharCode(unread[0]) : 'startup',
          unread.toString('latin1', 5, end),
        ];
        unread = unread.subarray(end);
        isStarted = true;
        if (type === 'startup') {
          socket.write(Buffer.concat([message('R', int32(0)), READY]));
        } else if (type === 'P') {
          rows = answerTo(text); // Parse; what follows up to Sync is answered at once.
        } else if (type === 'S') {
          socket.write(Buffer.concat([message('1'), message('2'), ...rows, READY]));
        } else if (type === 'Q') {
          socket.write(Buffer.concat([...answerTo(text), READY]));
        }
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `postgres://nobody@127.0.0.1:${server.address().port}/none`;
}

/** Named as the queries of a start name their columns. */
const ANSWERS = [
  ['version()', { version: 'PostgreSQL 18.0' }],
  ['current_schema()', { current_schema: 'public' }],
  ['is_migrated', { is_migrated: 't' }],
  ['row_exists', { row_exists: '1' }],
  ['user_numbers', { key: Buffer.alloc(32).toString('base64') }],
];

function answerTo(query) {
  const row = Object.entries(ANSWERS.find(([part]) => query.includes(part))?.[1] ?? {});
  const done = message('C', Buffer.from('SELECT 1\0'));
  return row.length === 0
    ? [message('n'), done]
    : [
        message('T', int16(row.length), ...row.map(([name, value]) => column(name, value))),
        message('D', int16(row.length), ...row.flatMap(([, value]) => [int32(value.length), Buffer.from(value)])),
        done,
      ];
}

const TEXT_TYPE = 25;
const BOOLEAN_TYPE = 16;

function column(name, value) {
  const type = value === 't' ? BOOLEAN_TYPE : TEXT_TYPE;
  return Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0)]);
}

function message(type, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const READY = message('Z', Buffer.from('I'));
