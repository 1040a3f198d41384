import { ZonedTime } from "../../common/zoned-time";
import { STATE_CODES } from "./codes";
import type { HistoryOfStream } from "./history";
import { HistoryBuckets } from "./history-buckets";
import type { HistoryData } from "./history-data";
import { SNAPSHOT_STRIDE } from "./open-rollups";
import type { OpenSums } from "./reader-messages";
import { COLUMNS, fromColumns, HOUR_MS, WATCHED_STATES } from "./rollup";

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
    const buckets = new HistoryBuckets(bucketMs, zone);
    if (bucketMs % HOUR_MS === 0) addHours(buckets, data, id, question, open);
    else yield* addChecks(buckets, data, id, question);
    return { ...head, bucketSeconds: bucketMs / 1000, buckets: buckets.rendered() };
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

/** From the rollups, as far back as they reach: whole hours, also at the ends of the range. */
function addHours(
  buckets: HistoryBuckets,
  data: HistoryData,
  id: number,
  { from, to, now }: HistoryOfStream,
  open: OpenSums | null,
): void {
  const [first, end] = [Math.floor(from / HOUR_MS), Math.ceil(to / HOUR_MS)];
  const rows = data.db
    .prepare(`SELECT hour, ${COLUMNS} FROM rollups WHERE stream = ? AND hour >= ? AND hour < ?`)
    .raw()
    .all(id, first, end) as unknown[][];
  for (const row of rows) buckets.addHour(row[0] as number, fromColumns(row, 1));
  for (const [hour, offset] of openHours(open, id)) {
    if (hour >= first && hour < end) buckets.addHour(hour, open!.entries, offset);
  }
  // the rollups hold the time in which the stream was watched
  addSpans(buckets, data, id, first * HOUR_MS, Math.min(end * HOUR_MS, now), WATCHED_STATES);
}

/** From the checks and the spans themselves. */
function* addChecks(
  buckets: HistoryBuckets,
  data: HistoryData,
  id: number,
  { from, to, now }: HistoryOfStream,
): Generator<void, void, unknown> {
  for (const checks of data.checks(id, from, to)) {
    for (const { at, state, latencyMs, ok } of checks) {
      buckets.addCheck(at, STATE_CODES[state], ok, latencyMs);
    }
    yield;
  }
  addSpans(buckets, data, id, from, Math.min(to, now), 0);
}

function addSpans(
  buckets: HistoryBuckets,
  data: HistoryData,
  id: number,
  from: number,
  to: number,
  leastState: number,
): void {
  for (const [start, end, state] of data.spans(id, from, to)) {
    if (state >= leastState) buckets.addSpan(state, Math.max(start, from), Math.min(end ?? to, to));
  }
}

function* openHours(open: OpenSums | null, stream: number): Generator<[hour: number, offset: number]> {
  if (!open) return;
  for (let offset = 0; offset < open.entries.length; offset += SNAPSHOT_STRIDE) {
    if (open.entries[offset] === stream) yield [open.entries[offset + 1] as number, offset + 2];
  }
}
