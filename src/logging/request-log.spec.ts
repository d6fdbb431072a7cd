import { jest } from '@jest/globals';
import fc from 'fast-check';
import { createLogger } from './logger.js';
import { requestLine } from './request-log.js';

const text = fc.string({ unit: 'grapheme-composite' });

it('is the line that the logger would write', () => {
  jest.useFakeTimers({ now: new Date('2026-02-03T04:05:06.789Z') });
  let written = '';
  const logger = createLogger('info', { write: (line) => (written = line) });
  const request = fc.record({
    requestId: text,
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'M-SEARCH'),
    path: text,
    status: fc.integer({ min: 100, max: 599 }),
    milliseconds: fc.integer({ min: 0, max: 1e7 }).map((tenths) => tenths / 10),
    address: fc.option(text, { nil: undefined }),
  });
  fc.assert(
    fc.property(request, (it) => {
      logger.info(it, 'request');
      expect(requestLine(it)).toBe(written);
    }),
  );
});
