import { STATES } from "../../contracts/reasons";
import type { ZonedTime } from "../../common/zoned-time";
import { STATE_CODES, stateOfCode } from "./codes";
import {
  addCheck,
  DAY_MS,
  emptyRollup,
  FIELDS,
  HOUR_MS,
  mergeRollup,
  percentile,
  WATCHED_STATES,
  type Rollup,
} from "./rollup";

interface Bucket {
  sums: Rollup;
  /** Milliseconds by state, in the order of STATE_CODES, beside those of the sums. */
  ms: Float64Array;
}

/** Days differ by up to two hours where clocks are changed. */
const MOST_CLOCK_CHANGE_MS = 3 * HOUR_MS;

/**
 * Sums of one stream by stretches of time. Those of days begin at midnight of the time zone, so that a day of a clock
 * change has 23 or 25 hours; all others at whole multiples of their width.
 */
export class HistoryBuckets {
  private readonly buckets = new Map<number, Bucket>();
  private readonly areDays: boolean;

  constructor(
    private readonly widthMs: number,
    private readonly zone: ZonedTime,
  ) {
    this.areDays = widthMs % DAY_MS === 0;
  }

  /** Where midnight lies within an hour of UTC, that hour belongs to the day that most of it lies in. */
  addHour(hour: number, sums: Float64Array, offset = 0): void {
    mergeRollup(this.bucket(this.startOf(hour * HOUR_MS + HOUR_MS / 2)).sums, sums, offset);
  }

  addCheck(at: number, state: number, isOk: boolean, latencyMs: number | null): void {
    addCheck(this.bucket(this.startOf(at)).sums, state, isOk ? 1 : 0, latencyMs);
  }

  addSpan(state: number, from: number, to: number): void {
    const place = STATE_CODES[stateOfCode(state)];
    for (let at = from; at < to;) {
      const start = this.startOf(at);
      const end = Math.min(to, Math.max(this.startAfter(start), at + 1));
      const { ms } = this.bucket(start);
      ms[place] = (ms[place] as number) + (end - at);
      at = end;
    }
  }

  /** As the API shows them, oldest first. */
  rendered(): object[] {
    const inOrder = [...this.buckets].sort(([one], [other]) => one - other);
    return inOrder.map(([at, bucket]) => ({ at, time: this.zone.format(at), ...renderBucket(bucket) }));
  }

  private bucket(start: number): Bucket {
    let bucket = this.buckets.get(start);
    if (!bucket) {
      bucket = { sums: emptyRollup(), ms: new Float64Array(STATES.length) };
      this.buckets.set(start, bucket);
    }
    return bucket;
  }

  private startOf(at: number): number {
    if (!this.areDays) return Math.floor(at / this.widthMs) * this.widthMs;
    const offsetMs = this.zone.offsetSeconds(at) * 1000;
    const midnight = Math.floor((at + offsetMs) / this.widthMs) * this.widthMs;
    // the offset of midnight itself, which a clock change on that day makes another one
    return midnight - this.zone.offsetSeconds(midnight - offsetMs) * 1000;
  }

  private startAfter(start: number): number {
    return this.areDays ? this.startOf(start + this.widthMs + MOST_CLOCK_CHANGE_MS) : start + this.widthMs;
  }
}

function renderBucket({ sums, ms }: Bucket): object {
  const count = sums[FIELDS.latencyCount] as number;
  const [up, degraded, down, ok] = sums;
  const msOf = (code: number) =>
    (ms[code] as number) + (code < WATCHED_STATES ? (sums[FIELDS.ms + code] as number) : 0);
  return {
    checks: { up, degraded, down },
    ok,
    ms: Object.fromEntries(STATES.map((state) => [state, msOf(STATE_CODES[state])])),
    latencyMs:
      count === 0
        ? null
        : {
            min: sums[FIELDS.latencyMin],
            average: Math.round((sums[FIELDS.latencySum] as number) / count),
            max: sums[FIELDS.latencyMax],
            p50: percentile(sums, 0.5),
            p95: percentile(sums, 0.95),
            p99: percentile(sums, 0.99),
          },
  };
}
