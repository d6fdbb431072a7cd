/** Steps that each doubling is divided into: values are exact to 1.6 %. */
const STEPS = 64;
const DOUBLINGS = 26;

/** Durations, counted in buckets that grow with them: from a microsecond to an hour, in a fixed amount of memory. */
export class Histogram {
  count = 0;
  private readonly buckets = new Uint32Array(STEPS * (DOUBLINGS + 2));

  record(milliseconds: number): void {
    const bucket = bucketOf(Math.max(0, Math.round(milliseconds * 1000)));
    this.buckets[Math.min(bucket, this.buckets.length - 1)]! += 1;
    this.count++;
  }

  /**
   * The duration, in milliseconds, that a share (0 to 1) of all durations does not exceed. NaN when there are none.
   */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [bucket, count] of this.buckets.entries()) {
      seen += count;
      if (seen >= rank) {
        return middleOf(bucket) / 1000;
      }
    }
    return NaN;
  }
}

/** Below two times `STEPS`, a bucket for each microsecond; above, `STEPS` for each doubling. */
function bucketOf(microseconds: number): number {
  if (microseconds < 2 * STEPS) {
    return microseconds;
  }
  const doubling = Math.floor(Math.log2(microseconds / STEPS));
  return doubling * STEPS + Math.floor(microseconds / 2 ** doubling);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * STEPS) {
    return bucket;
  }
  const doubling = Math.floor(bucket / STEPS) - 1;
  return (bucket - doubling * STEPS + 0.5) * 2 ** doubling;
}
