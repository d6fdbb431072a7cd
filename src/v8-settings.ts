import { setFlagsFromString } from 'node:v8';

/**
 * Suits V8 to a server. Holds for what it compiles from now on. See docs/adr/0015-the-hot-path.md; what it brings is in
 * docs/performance.md.
 */
export function setUpV8(): void {
  // Bytes of bytecode that are compiled into one function, 920 unless told: a request passes a hundred small functions.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
  // V8 would keep the rows of every request until the next full collection, since those of the first few outlived the young
  // generation, which begins that small.
  setFlagsFromString('--no-allocation-site-pretenuring');
}
