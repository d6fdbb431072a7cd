/**
 * What one of several workers may use of what they share: connections, cores. Rounded up, and at least what a worker cannot
 * do without.
 */
export function workerShare(total: number, workers: number, least = 1): number {
  return Math.max(least, Math.ceil(total / workers));
}
