import { STATES } from "../../contracts/reasons";
import { ZonedTime } from "../../common/zoned-time";
import { STATE_CODES } from "./codes";
import type { HistoryOfStream } from "./history";
import type { HistoryData } from "./history-data";
import { SNAPSHOT_STRIDE } from "./open-rollups";
import type { OpenSums } from "./reader-messages";
import {
  addCheck,
  addTime,
  COLUMNS,
  DAY_MS,
  emptyRollup,
  FIELDS,
  fromColumns,
  HOUR_MS,
  mergeRollup,
  percentile,
  type Rollup,
} from "./rollup";

/** A part of the work: the thread does other things between two of them. The result goes out as JSON, bytes as they are. */
export type Answering = Generator<void | Promise<string>, object, unknown>;

export function* answerHistory(
  data: HistoryData,
  question: HistoryOfStream,
  open: OpenSums | null,
): Answering {
  const { stream, from, to, bucketMs, timezone } = question;
  const id = data.streamId(stream);
  const zone = new ZonedTime(timezone);
  const head = { stream, from, to, timezone };
  if (bucketMs !== null) {
    const buckets = yield* bucketsOf(data, id, question, open, zone);
    const shown = [...buckets]
      .sort(([a], [b]) => a - b)
      .map(([at, rollup]) => renderBucket(at, rollup, zone));
    return { ...head, bucketSeconds: bucketMs / 1000, buckets: shown };
  }
  const checks = data.newestChecks(id, from, to, question.limit);
  yield;
  const last = checks.at(-1);
  const hasMore = last !== undefined && data.newestChecks(id, from, last.at, 1).length > 0;
  return {
    ...head,
    checks: checks.map(({ at, state, reason, message, latencyMs, ok }) => ({
      ...{ at, time: zone.format(at), state, reason, message, latencyMs, status: ok ? "ok" : "fail" },
    })),
    // the same question with this `to` gives the next page
    next: hasMore ? { to: last.at } : null,
  };
}

/** Buckets of whole hours come from the rollups, and reach as far back as they; smaller ones from the checks. */
function* bucketsOf(
  data: HistoryData,
  id: number,
  question: HistoryOfStream,
  open: OpenSums | null,
  zone: ZonedTime,
): Generator<void, Map<number, Rollup>, unknown> {
  const bucketMs = question.bucketMs as number;
  const { from, to } = question;
  const buckets = new Map<number, Rollup>();
  const startOf = (at: number) => bucketStart(at, bucketMs, zone);
  const bucket = (at: number) => {
    const start = startOf(at);
    let rollup = buckets.get(start);
    if (!rollup) buckets.set(start, (rollup = emptyRollup()));
    return rollup;
  };
  if (bucketMs % HOUR_MS === 0) {
    const [first, end] = [Math.floor(from / HOUR_MS), Math.ceil(to / HOUR_MS)];
    const rows = data.db
      .prepare(
        `SELECT hour, ${COLUMNS} FROM rollups WHERE stream = ? AND hour >= ? AND hour < ? ORDER BY hour`,
      )
      .raw()
      .all(id, first, end) as unknown[][];
    for (const row of rows) mergeRollup(bucket((row[0] as number) * HOUR_MS), fromColumns(row, 1));
    for (const [hour, offset] of openHours(open, id)) {
      if (hour >= first && hour < end) mergeRollup(bucket(hour * HOUR_MS), open!.entries, offset);
    }
    return buckets;
  }
  for (const checks of data.checks(id, from, to)) {
    for (const { at, state, latencyMs, ok } of checks) {
      addCheck(bucket(at), STATE_CODES[state], ok ? 1 : 0, latencyMs);
    }
    yield;
  }
  const spans = data.db
    .prepare(
      `SELECT max(start, @from) AS start, min(coalesce("end", @to), @to) AS "end", state FROM spans
       WHERE stream = @id AND start < @to AND ("end" IS NULL OR "end" > @from)`,
    )
    .all({ id, from, to: Math.min(to, Date.now()) }) as { start: number; end: number; state: number }[];
  for (const { start, end, state } of spans) {
    for (let at = start; at < end;) {
      const next = Math.min(end, startOf(at) + bucketMs);
      addTime(bucket(at), state, next - at);
      at = next;
    }
  }
  return buckets;
}

/**
 * Buckets of days begin at midnight of the time zone (to the full hour: where midnight lies within an hour of UTC,
 * that hour belongs to the day that most of it lies in), so that a day of a clock change has 23 or 25 hours.
 */
function bucketStart(at: number, bucketMs: number, zone: ZonedTime): number {
  if (bucketMs % DAY_MS !== 0) return Math.floor(at / bucketMs) * bucketMs;
  const local = at + HOUR_MS / 2 + zone.offsetSeconds(at) * 1000;
  const midnight = Math.floor(local / bucketMs) * bucketMs;
  let start = midnight - zone.offsetSeconds(at) * 1000;
  start = midnight - zone.offsetSeconds(start) * 1000;
  return start;
}

function* openHours(open: OpenSums | null, stream: number): Generator<[hour: number, offset: number]> {
  if (!open) return;
  for (let offset = 0; offset < open.entries.length; offset += SNAPSHOT_STRIDE) {
    if (open.entries[offset] === stream) yield [open.entries[offset + 1] as number, offset + 2];
  }
}

function renderBucket(at: number, rollup: Rollup, zone: ZonedTime): object {
  const count = rollup[FIELDS.latencyCount] as number;
  const [up, degraded, down, ok] = rollup;
  return {
    at,
    time: zone.format(at),
    checks: { up, degraded, down },
    ok,
    ms: Object.fromEntries(STATES.map((state) => [state, rollup[FIELDS.ms + STATE_CODES[state]]])),
    latencyMs:
      count === 0
        ? null
        : {
            min: rollup[FIELDS.latencyMin],
            average: Math.round((rollup[FIELDS.latencySum] as number) / count),
            max: rollup[FIELDS.latencyMax],
            p50: percentile(rollup, 0.5),
            p95: percentile(rollup, 0.95),
            p99: percentile(rollup, 0.99),
          },
  };
}
