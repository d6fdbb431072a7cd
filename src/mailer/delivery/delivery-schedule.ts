/** When a mail that could not be sent is tried again. */

export const ATTEMPTS_MAX = 18;

const FIRST_DELAY_MS = 2_000;
const DELAY_MAX_MS = 4 * 3_600_000;
/** A delay is up to this much longer or shorter, so that what failed together does not come back together. */
const JITTER = 0.25;

/** How long to wait after a failed attempt: 2 seconds after the first, twice as long after each, at most 4 hours. */
export function delayAfter(attempt: number, random = Math.random()): number {
  const delay = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), DELAY_MAX_MS);
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}
