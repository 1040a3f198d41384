import type { State } from "../../contracts";
import type { Answering } from "./answer-history";
import { stateOfCode } from "./codes";
import type { BarsQuestion } from "./history";
import type { HistoryData } from "./history-data";
import { SNAPSHOT_STRIDE } from "./open-rollups";
import type { OpenSums } from "./reader-messages";
import { FIELDS, HOUR_MS } from "./rollup";

type Bar = [state: State, reason: string | null];
/** start, end, state, reason */
type Span = [number, number | null, number, string | null];
type Latencies = Map<number, { count: number; sum: number }>;

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
  const firstHour = Math.floor(now / HOUR_MS) - hours + 1;
  const names = new Map<number, string>();
  for (const name of question.streams) {
    const id = data.findStreamId(name);
    if (id !== undefined) names.set(id, name);
  }
  const latencies = openLatencies(open, names);
  const spans = data.db.prepare(SPANS).raw();
  const sums = data.db
    .prepare("SELECT hour, latency_count, latency_sum FROM rollups WHERE stream = ? AND hour >= ?")
    .raw();
  const streams: object[] = [];
  for (const [id, name] of names) {
    const bars = barsOf(spans.all({ stream: id, from: buckets.from, to: now }) as Span[], buckets);
    const found = latencies.get(id) as Latencies;
    for (const [hour, count, sum] of sums.all(id, firstHour) as [number, number, number][]) {
      addLatency(found, hour, count, sum);
    }
    const latency = Array.from({ length: hours }, (_, index) => meanOf(found.get(firstHour + index)));
    streams.push({ name, bars, latency });
    if (streams.length % STREAMS_A_SLICE === 0) yield;
  }
  return { from: buckets.from, to, bucketMs, streams };
}

/** Spans follow one another: the first that matters is the last one to begin before the range. */
const SPANS = `
  SELECT start, "end", state, reasons.text FROM spans LEFT JOIN reasons ON reasons.id = reason
  WHERE stream = @stream AND start < @to AND start >= coalesce(
    (SELECT max(start) FROM spans WHERE stream = @stream AND start <= @from), @from)
  ORDER BY start`;

function barsOf(spans: readonly Span[], { from, bucketMs, count, now }: Buckets): (Bar | null)[] {
  const bars = new Array<Bar | null>(count).fill(null);
  for (const [start, end, code, reason] of spans) {
    const until = Math.min(end ?? now, now);
    const state = stateOfCode(code);
    const first = Math.max(0, Math.floor((start - from) / bucketMs));
    for (let index = first; index < count && from + index * bucketMs < until; index++) {
      const bar = bars[index];
      if (!bar || BADNESS[state] >= BADNESS[bar[0]]) bars[index] = [state, reason];
    }
  }
  return bars;
}

function openLatencies(open: OpenSums | null, names: ReadonlyMap<number, string>): Map<number, Latencies> {
  const latencies = new Map<number, Latencies>([...names.keys()].map((id) => [id, new Map()]));
  const entries = open?.entries ?? new Float64Array();
  for (let offset = 0; offset < entries.length; offset += SNAPSHOT_STRIDE) {
    const found = latencies.get(entries[offset] as number);
    const [hour, rollup] = [entries[offset + 1] as number, offset + 2];
    const value = (field: number) => entries[rollup + field] as number;
    if (found) addLatency(found, hour, value(FIELDS.latencyCount), value(FIELDS.latencySum));
  }
  return latencies;
}

function addLatency(latencies: Latencies, hour: number, count: number, sum: number): void {
  const before = latencies.get(hour);
  latencies.set(hour, { count: count + (before?.count ?? 0), sum: sum + (before?.sum ?? 0) });
}

function meanOf(latency: { count: number; sum: number } | undefined): number | null {
  return latency && latency.count > 0 ? Math.round(latency.sum / latency.count) : null;
}
