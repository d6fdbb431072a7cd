/**
 * The connections that one of several workers may open of what is there for all of them. Rounded down, because one too many is
 * refused, but at least what a worker cannot do without.
 */
export function workerShare(total: number, workers: number, least: number): number {
  return Math.max(least, Math.floor(total / workers));
}
