import type { State } from "../../contracts";
import type { Answering } from "./answer-history";
import { stateOfCode } from "./codes";
import type { BarsQuestion } from "./history";
import type { FoundSpan, HistoryData } from "./history-data";
import { SNAPSHOT_STRIDE } from "./open-rollups";
import type { OpenSums } from "./reader-messages";
import { FIELDS, HOUR_MS } from "./rollup";

type Bar = [state: State, reason: string | null];

interface Buckets {
  from: number;
  bucketMs: number;
  count: number;
  now: number;
}

const STREAMS_A_SLICE = 20;
/** A bucket is shown as the worst of what was seen in it; what nobody saw counts only where there is nothing else. */
const BADNESS: Record<State, number> = { unknown: 0, pending: 1, paused: 2, up: 3, degraded: 4, down: 5 };

/**
 * The worst confirmed state of each bucket and the mean latency of each hour, for many streams at once. Buckets begin
 * at whole multiples of their width, so that they stand still from one answer to the next. Streams that there are not
 * are left out.
 */
export function* answerBars(data: HistoryData, question: BarsQuestion, open: OpenSums | null): Answering {
  const { hours, now } = question;
  const bucketMs = Math.ceil((hours * HOUR_MS) / question.buckets);
  const to = Math.ceil(now / bucketMs) * bucketMs;
  const buckets = { from: to - question.buckets * bucketMs, bucketMs, count: question.buckets, now };
  const ids = new Map<number, string>();
  for (const name of question.streams) {
    const id = data.findStreamId(name);
    if (id !== undefined) ids.set(id, name);
  }
  const latencies = new HourlyLatencies([...ids.keys()], Math.floor(now / HOUR_MS) - hours + 1, hours);
  if (open) latencies.addOpen(open.entries);
  const reasons = new Map(data.db.prepare("SELECT id, text FROM reasons").raw().all() as [number, string][]);
  const sums = data.db
    .prepare("SELECT hour, latency_count, latency_sum FROM rollups WHERE stream = ? AND hour >= ?")
    .raw();
  const streams: object[] = [];
  for (const [id, name] of ids) {
    const found = data.spans(id, buckets.from, now);
    for (const [hour, count, sum] of sums.all(id, latencies.firstHour) as [number, number, number][]) {
      latencies.add(id, hour, count, sum);
    }
    streams.push({ name, bars: barsOf(found, reasons, buckets), latency: latencies.means(id) });
    if (streams.length % STREAMS_A_SLICE === 0) yield;
  }
  return { from: buckets.from, to, bucketMs, streams };
}

function barsOf(
  spans: readonly FoundSpan[],
  reasons: ReadonlyMap<number, string>,
  { from, bucketMs, count, now }: Buckets,
): (Bar | null)[] {
  const bars = new Array<Bar | null>(count).fill(null);
  for (const [start, end, code, reasonId] of spans) {
    const until = Math.min(end ?? now, now);
    const state = stateOfCode(code);
    const bar: Bar = [state, reasonId === null ? null : (reasons.get(reasonId) ?? null)];
    const first = Math.max(0, Math.floor((start - from) / bucketMs));
    for (let index = first; index < count && from + index * bucketMs < until; index++) {
      const before = bars[index];
      if (!before || BADNESS[state] >= BADNESS[before[0]]) bars[index] = bar;
    }
  }
  return bars;
}

/** Counts and sums of latencies, of each of some streams and each of the last hours. */
class HourlyLatencies {
  private readonly places: ReadonlyMap<number, number>;
  private readonly counts: Float64Array;
  private readonly sums: Float64Array;

  constructor(
    streams: readonly number[],
    readonly firstHour: number,
    private readonly hours: number,
  ) {
    this.places = new Map(streams.map((id, index) => [id, index * hours]));
    this.counts = new Float64Array(streams.length * hours);
    this.sums = new Float64Array(streams.length * hours);
  }

  add(stream: number, hour: number, count: number, sum: number): void {
    const start = this.places.get(stream);
    const index = hour - this.firstHour;
    if (start === undefined || index < 0 || index >= this.hours) return;
    this.counts[start + index] = (this.counts[start + index] as number) + count;
    this.sums[start + index] = (this.sums[start + index] as number) + sum;
  }

  /** What is not in the tables yet. */
  addOpen(entries: Float64Array): void {
    for (let offset = 0; offset < entries.length; offset += SNAPSHOT_STRIDE) {
      const value = (field: number) => entries[offset + field] as number;
      if (!this.places.has(value(0))) continue;
      this.add(value(0), value(1), value(2 + FIELDS.latencyCount), value(2 + FIELDS.latencySum));
    }
  }

  /** Null for an hour without any. */
  means(stream: number): (number | null)[] {
    const start = this.places.get(stream) ?? 0;
    return Array.from({ length: this.hours }, (_, index) => {
      const count = this.counts[start + index] as number;
      return count > 0 ? Math.round((this.sums[start + index] as number) / count) : null;
    });
  }
}
