import { Registry } from "prom-client";
import type { Answering } from "./answer-history";
import type { UptimeAnswers } from "./answer-uptime";
import type { HistoryData } from "./history-data";
import { DURATION_BUCKETS, STREAM_VALUES, type MetricsSnapshot } from "./metrics-snapshot";
import type { OpenSums } from "./reader-messages";
import { TextBytes } from "./text-bytes";

interface Sample {
  value: number;
  labels: Record<string, string | number>;
  metricName?: string;
}

/** As prom-client's registry takes a metric from its own classes. */
interface Family {
  name: string;
  help: string;
  type: "gauge" | "counter" | "histogram";
  values: Sample[];
  /** Numbers of each stream, one set of samples for each value of `state` or a single one. */
  streams?: { key: (typeof STREAM_VALUES)[number]; state?: string }[];
}

/** Its types leave out the method that writes one family. */
type FamilyWriter = { getMetricsAsString(metric: { get(): Promise<Family> }): Promise<string> };

const STREAM_GAUGES = [
  ["stream_up", "1 when the last check was ok as v2.2 judged it, else 0.", "up"],
  ["stream_latency_ms", "Latency of the last check in milliseconds.", "latencyMs"],
  ["stream_last_seen_age_seconds", "Seconds since the last check; 999999: never.", "ageSeconds"],
  [
    "stream_uptime_streak_seconds",
    "Seconds for which the stream has been ok without a break.",
    "streakSeconds",
  ],
] as const;

/**
 * The text of /metrics (format 0.0.4), one family a slice. prom-client writes it, but for the samples of single
 * streams: of 10,000 streams those are 70,000, and it would take half a second for their labels.
 */
export function* renderMetrics(
  snapshot: MetricsSnapshot,
  uptime: UptimeAnswers,
  data: HistoryData,
  open: OpenSums | null,
): Answering {
  const samples = yield* uptime.samples(data, "30d", snapshot.now, open);
  const registry = new Registry() as unknown as FamilyWriter;
  const labels = snapshot.names.map((name) => Buffer.from(`{stream="${escapeLabel(name)}"`));
  const text = new TextBytes();
  for (const family of families(snapshot, samples)) {
    const written = yield registry.getMetricsAsString({ get: () => Promise.resolve(family) });
    text.utf8(`${written as string}\n`);
    for (const { key, state } of family.streams ?? []) {
      writeSamples(text, family.name, labels, columnOf(snapshot, key), state);
    }
  }
  return text.whole();
}

function writeSamples(
  text: TextBytes,
  name: string,
  labels: readonly Uint8Array[],
  values: Float64Array,
  state?: string,
): void {
  const rest = state === undefined ? "} " : `,state="${state}"} `;
  for (const [index, label] of labels.entries()) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    text.ascii(name);
    text.encoded(label);
    text.ascii(`${rest}${value}\n`);
  }
}

/** NaN: there is no such sample. */
function columnOf({ names, values }: MetricsSnapshot, key: (typeof STREAM_VALUES)[number]): Float64Array {
  const offset = STREAM_VALUES.indexOf(key);
  return Float64Array.from(names, (_, index) => values[index * STREAM_VALUES.length + offset] as number);
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function* families(
  snapshot: MetricsSnapshot,
  samples: { ok: number; total: number },
): Generator<Family, void, unknown> {
  for (const [name, help, key] of STREAM_GAUGES) {
    yield { name, help, type: "gauge", values: [], streams: [{ key }] };
  }
  yield* systemGauges(columnOf(snapshot, "up"), samples);
  yield {
    name: "streampulse_check_total",
    help: "Checks since the start, by state.",
    type: "counter",
    values: [],
    streams: [
      { key: "checksUp", state: "up" },
      { key: "checksDegraded", state: "degraded" },
      { key: "checksDown", state: "down" },
    ],
  };
  yield durations(snapshot);
  yield {
    name: "streampulse_transitions_total",
    help: "Confirmed changes of state since the start, by the state that was entered.",
    type: "counter",
    values: snapshot.transitions.map(([to, value]) => ({ value, labels: { to } })),
  };
  for (const group of Map.groupBy(snapshot.gauges, ({ name }) => name).values()) {
    const { name, help, counter } = group[0]!;
    const found = unique(group).map(({ value, part }) => ({ value, labels: part ? { part } : {} }));
    yield { name, help, type: counter ? "counter" : "gauge", values: found as Sample[] };
  }
}

function* systemGauges(
  up: Float64Array,
  { ok, total }: { ok: number; total: number },
): Generator<Family, void, unknown> {
  const okStreams = up.filter((value) => value === 1).length;
  const gauges = [
    ["system_total_streams", "Streams in the configuration.", up.length],
    ["system_ok_streams", "Streams whose last check was ok.", okStreams],
    [
      "system_fail_streams",
      "Streams whose last check was not ok, or that were never checked.",
      up.length - okStreams,
    ],
    ["system_up", "1: the monitor runs.", 1],
    ["system_ok_samples_30d", "Checks of the last 30 days that were ok.", ok],
    ["system_total_samples_30d", "Checks of the last 30 days.", total],
    [
      "system_sla_ratio_30d",
      "Share of the checks of the last 30 days that were ok.",
      total === 0 ? 0 : ok / total,
    ],
  ] as const;
  for (const [name, help, value] of gauges)
    yield { name, help, type: "gauge", values: [{ value, labels: {} }] };
}

function durations({ durations: { counts, sum } }: MetricsSnapshot): Family {
  const name = "streampulse_check_duration_seconds";
  const values: Sample[] = [];
  let below = 0;
  for (const [index, end] of [...DURATION_BUCKETS, "+Inf" as const].entries()) {
    below += counts[index] as number;
    values.push({ metricName: `${name}_bucket`, labels: { le: end }, value: below });
  }
  values.push({ metricName: `${name}_sum`, labels: {}, value: sum });
  values.push({ metricName: `${name}_count`, labels: {}, value: below });
  return { name, help: "How long checks took, all steps together.", type: "histogram", values };
}

/** Of two nodes of one part the last counts: a series must not come twice. */
function unique(gauges: MetricsSnapshot["gauges"]): MetricsSnapshot["gauges"] {
  return [...new Map(gauges.map((gauge) => [gauge.part ?? "", gauge])).values()];
}
