import { setFlagsFromString } from 'node:v8';

/**
 * What a server that does many small things at once asks of V8, which sets out from other programs. Both are in effect from now
 * on, for what is compiled later; what they bring is in docs/performance.md.
 */
export function setUpV8(): void {
  // A request passes a hundred small functions, most of them of Fastify and Nest: twice as many of them are compiled into their callers.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
  // Where V8 allocates for good what it once found alive at the end of a young generation, that was as short as the first few
  // requests: it would be the rows of the database, of every request from then on.
  setFlagsFromString('--no-allocation-site-pretenuring');
}
