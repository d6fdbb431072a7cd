import fc from 'fast-check';
import { AnswerReader } from './answer-reader.js';

const ANSWERS = {
  'with a length': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'with a length in other letters': 'HTTP/1.1 201 Created\r\nContent-length:11\r\n\r\nhello\r\n\r\nyo',
  'in chunks':
    'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n0\r\n\r\n01234\r\n0\r\n\r\n',
  'without a body': 'HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n',
  'with an empty body': 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nconnection: close\r\n\r\n',
};

it.each(Object.entries(ANSWERS))('an answer %s ends with its last byte, however it arrives', (_name, text) => {
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length - 1), { maxLength: 6 }), (cuts) => {
      const reader = new AnswerReader();
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length - 1];
      for (const [i, edge] of edges.slice(1).entries()) {
        expect(reader.read(bytes.subarray(edges[i], edge))).toBeUndefined();
      }
      expect(reader.read(bytes.subarray(bytes.length - 1))).toEqual({
        status: Number(text.slice(9, 12)),
        isLast: text.includes('close'),
      });
    }),
  );
});
