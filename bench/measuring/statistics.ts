/** Of an even number of values, the mean of the two in the middle. NaN when there are none. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Value by value: `of[i] / by[i]`, since what was measured in one round was measured under like conditions. */
export function quotients(of: number[], by: number[]): number[] {
  return of.map((value, i) => value / by[i]!);
}
