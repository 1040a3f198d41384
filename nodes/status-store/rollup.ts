/**
 * The sums of one stream over one hour or day, as numbers in one array, so that they are added, copied and sent to
 * another thread alike: FIELDS names the places. Latencies are whole milliseconds.
 */
export type Rollup = Float64Array;

/**
 * Checks and milliseconds by state stand in the order of STATE_CODES, up, degraded and down. Time in which a stream was
 * not watched (pending, paused, unknown) is in no rollup: it may last for years, and the spans tell it as fast.
 */
export const FIELDS = {
  checks: 0,
  ok: 3,
  ms: 4,
  latencyCount: 7,
  latencySum: 8,
  latencyMin: 9,
  latencyMax: 10,
  histogram: 11,
} as const;

/** Upper ends of the histogram's buckets, inclusive, in ms; one more bucket holds what is above. */
export const LATENCY_BUCKETS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500,
  10_000,
] as const;
export const ROLLUP_SIZE = FIELDS.histogram + LATENCY_BUCKETS.length + 1;
/** States below this code of STATE_CODES are those of a stream that is watched. */
export const WATCHED_STATES = 3;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The columns of `rollups` and `daily_rollups` after their key, in the order of toColumns(). */
export const COLUMNS =
  "up, degraded, down, v22_ok, up_ms, degraded_ms, down_ms, " +
  "latency_count, latency_sum, latency_min, latency_max, latency_histogram";
export type RollupColumns = (number | null | Buffer)[];

export function emptyRollup(): Rollup {
  const rollup = new Float64Array(ROLLUP_SIZE);
  rollup[FIELDS.latencyMin] = Infinity;
  rollup[FIELDS.latencyMax] = -Infinity;
  return rollup;
}

/**
 * @param state one of STATE_CODES that a check can have
 * @param ok 1 when v2.2 would have said so, else 0
 */
export function addCheck(rollup: Rollup, state: number, ok: number, latencyMs: number | null): void {
  if (state < WATCHED_STATES) add(rollup, FIELDS.checks + state, 1);
  add(rollup, FIELDS.ok, ok);
  if (latencyMs === null) return;
  add(rollup, FIELDS.latencyCount, 1);
  add(rollup, FIELDS.latencySum, latencyMs);
  rollup[FIELDS.latencyMin] = Math.min(at(rollup, FIELDS.latencyMin), latencyMs);
  rollup[FIELDS.latencyMax] = Math.max(at(rollup, FIELDS.latencyMax), latencyMs);
  add(rollup, FIELDS.histogram + bucketOf(latencyMs), 1);
}

/** The sums of an hour since the epoch, from a map of them; begun when there are none. */
export function rollupOf(hours: Map<number, Rollup>, hour: number): Rollup {
  let rollup = hours.get(hour);
  if (!rollup) hours.set(hour, (rollup = emptyRollup()));
  return rollup;
}

/**
 * Adds the time of a state to the hours that it lay in. A state in which a stream was not watched is passed over.
 * @param sign -1 takes back what was counted for a state that proved to be another one
 */
export function addTime(
  hours: Map<number, Rollup>,
  state: number,
  from: number,
  to: number,
  sign: 1 | -1 = 1,
): void {
  if (state >= WATCHED_STATES) return;
  for (let start = from; start < to;) {
    const hour = Math.floor(start / HOUR_MS);
    const end = Math.min(to, (hour + 1) * HOUR_MS);
    add(rollupOf(hours, hour), FIELDS.ms + state, sign * (end - start));
    start = end;
  }
}

/** @param offset where the other one begins in a longer array */
export function mergeRollup(into: Rollup, from: Float64Array, offset = 0): void {
  for (let field = 0; field < ROLLUP_SIZE; field++) {
    const value = at(from, offset + field);
    if (field === FIELDS.latencyMin) into[field] = Math.min(at(into, field), value);
    else if (field === FIELDS.latencyMax) into[field] = Math.max(at(into, field), value);
    else add(into, field, value);
  }
}

/** @returns undefined where no latency was measured; else at most a bucket's width away from the truth */
export function percentile(rollup: Rollup, share: number): number | undefined {
  const count = at(rollup, FIELDS.latencyCount);
  if (count === 0) return undefined;
  const [min, max] = [at(rollup, FIELDS.latencyMin), at(rollup, FIELDS.latencyMax)];
  const wanted = share * count;
  let below = 0;
  for (let bucket = 0; bucket <= LATENCY_BUCKETS.length; bucket++) {
    const inside = at(rollup, FIELDS.histogram + bucket);
    if (inside > 0 && below + inside >= wanted) {
      const low = Math.max(LATENCY_BUCKETS[bucket - 1] ?? 0, min);
      const high = Math.min(LATENCY_BUCKETS[bucket] ?? Infinity, max);
      return Math.round(low + ((high - low) * Math.max(0, wanted - below)) / inside);
    }
    below += inside;
  }
  return max;
}

export function toColumns(rollup: Rollup): RollupColumns {
  const hasLatency = at(rollup, FIELDS.latencyCount) > 0;
  return [
    ...rollup.subarray(0, FIELDS.latencyMin),
    hasLatency ? at(rollup, FIELDS.latencyMin) : null,
    hasLatency ? at(rollup, FIELDS.latencyMax) : null,
    hasLatency ? packHistogram(rollup) : null,
  ];
}

/** @param offset where COLUMNS begin in a raw row */
export function fromColumns(row: readonly unknown[], offset = 0): Rollup {
  const rollup = emptyRollup();
  for (let field = 0; field < FIELDS.latencyMin; field++) rollup[field] = row[offset + field] as number;
  if (at(rollup, FIELDS.latencyCount) > 0) {
    rollup[FIELDS.latencyMin] = row[offset + FIELDS.latencyMin] as number;
    rollup[FIELDS.latencyMax] = row[offset + FIELDS.latencyMax] as number;
    unpackHistogram(rollup, row[offset + FIELDS.histogram] as Buffer | null);
  }
  return rollup;
}

/** For each bucket with a count: its number, and the count in groups of seven bits, lowest first. */
function packHistogram(rollup: Rollup): Buffer {
  const bytes: number[] = [];
  for (let bucket = 0; bucket <= LATENCY_BUCKETS.length; bucket++) {
    let count = at(rollup, FIELDS.histogram + bucket);
    if (count <= 0) continue;
    bytes.push(bucket);
    for (; count > 0x7f; count = Math.floor(count / 0x80)) bytes.push((count % 0x80) | 0x80);
    bytes.push(count);
  }
  return Buffer.from(bytes);
}

function unpackHistogram(rollup: Rollup, packed: Buffer | null): void {
  if (!packed) return;
  for (let index = 0; index < packed.length;) {
    const bucket = packed[index++] as number;
    let count = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = packed[index++] ?? 0;
      count += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    // a newer program may know finer buckets
    if (bucket <= LATENCY_BUCKETS.length) rollup[FIELDS.histogram + bucket] = count;
  }
}

function bucketOf(latencyMs: number): number {
  const index = LATENCY_BUCKETS.findIndex((end) => latencyMs <= end);
  return index < 0 ? LATENCY_BUCKETS.length : index;
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function add(values: Float64Array, index: number, value: number): void {
  values[index] = at(values, index) + value;
}
