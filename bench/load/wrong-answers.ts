/** What was wrong, and how often: `status 503`, `ECONNRESET`. */
export type WrongAnswers = Record<string, number>;

/** What was wrong anywhere, and how often in all. */
export function addUp(counts: (WrongAnswers | undefined)[]): WrongAnswers {
  const totals: WrongAnswers = {};
  for (const [what, count] of counts.flatMap((of = {}) => Object.entries(of))) {
    totals[what] = (totals[what] ?? 0) + count;
  }
  return totals;
}
