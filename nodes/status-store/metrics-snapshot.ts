import type { Check, HealthReport, HealthWithdrawal, State } from "../../contracts";
import { v22Status } from "../../contracts/reasons";
import type { StreamEntry } from "./stream-entry";

/** Numbers of each stream in `values`, one after the other. */
export const STREAM_VALUES = [
  "up",
  "latencyMs",
  "ageSeconds",
  "streakSeconds",
  "checksUp",
  "checksDegraded",
  "checksDown",
] as const;

/** What /metrics shows of this process, plain for the way to the thread that renders it. */
export interface MetricsSnapshot {
  now: number;
  names: string[];
  /** STREAM_VALUES for each name; NaN where there is none. */
  values: Float64Array;
  /** Of all checks since the start: how many took at most DURATION_BUCKETS, then those above; sum in seconds. */
  durations: { counts: number[]; sum: number };
  /** By the state that was entered. */
  transitions: [State, number][];
  /** Single numbers: name, help, value, and the label `part` where it has one. */
  gauges: { name: string; help: string; value: number; part?: string; counter?: boolean }[];
}

/** In seconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const NEVER_SEEN_SECONDS = 999_999;
const STATE_INDEX = { up: 0, degraded: 1, down: 2 } as const;

/** Counts what /metrics shows as counters, since this process began. */
export class MetricsCounters {
  private readonly checks = new Map<string, [number, number, number]>();
  private readonly durations = { counts: new Array<number>(DURATION_BUCKETS.length + 1).fill(0), sum: 0 };
  private readonly transitions = new Map<State, number>();
  private readonly reports = new Map<string, HealthReport>();

  recordCheck({ stream, state, timings }: Check): void {
    let counts = this.checks.get(stream);
    if (!counts) this.checks.set(stream, (counts = [0, 0, 0]));
    counts[STATE_INDEX[state]]++;
    const { dnsMs = 0, connectMs = 0, tlsMs = 0, answerMs = 0, mediaMs = 0 } = timings;
    const seconds = (dnsMs + connectMs + tlsMs + answerMs + mediaMs) / 1000;
    const bucket = DURATION_BUCKETS.findIndex((end) => seconds <= end);
    const index = bucket < 0 ? DURATION_BUCKETS.length : bucket;
    this.durations.counts[index] = (this.durations.counts[index] as number) + 1;
    this.durations.sum += seconds;
  }

  recordTransition(to: State): void {
    this.transitions.set(to, (this.transitions.get(to) ?? 0) + 1);
  }

  /** How the other parts are; anybody may send such an event. */
  readonly noteHealth = (report: HealthReport | HealthWithdrawal): void => {
    if (typeof report?.source !== "string") return;
    if ("withdrawn" in report) this.reports.delete(report.source);
    else if (typeof report.part === "string") this.reports.set(report.source, report);
  };

  /** Only these streams are watched now. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.checks.keys()) if (!names.has(name)) this.checks.delete(name);
  }

  snapshot(streams: Iterable<StreamEntry>, strict: boolean, now: number): MetricsSnapshot {
    const list = [...streams];
    const width = STREAM_VALUES.length;
    const values = new Float64Array(list.length * width);
    for (const [index, stream] of list.entries()) {
      values.set(this.valuesOf(stream, strict, now), index * width);
    }
    return {
      now,
      names: list.map(({ name }) => name),
      values,
      durations: { counts: [...this.durations.counts], sum: this.durations.sum },
      transitions: [...this.transitions],
      gauges: this.gauges(),
    };
  }

  private valuesOf(stream: StreamEntry, strict: boolean, now: number): number[] {
    const { last, protocol, reason, since } = stream;
    const isOk = last !== null && v22Status(last.reason, protocol, strict) === "ok";
    const wasOk = reason !== null && v22Status(reason, protocol, strict) === "ok";
    return [
      isOk ? 1 : 0,
      last?.latencyMs == null ? NaN : Math.round(last.latencyMs),
      last ? Math.max(0, now - last.at) / 1000 : NEVER_SEEN_SECONDS,
      isOk && wasOk && since !== null ? Math.max(0, now - since) / 1000 : 0,
      ...(this.checks.get(stream.name) ?? [0, 0, 0]),
    ];
  }

  private gauges(): MetricsSnapshot["gauges"] {
    const gauges: MetricsSnapshot["gauges"] = [];
    for (const { part, running, problems, details } of this.reports.values()) {
      const help = "Whether this part does its work: 1 or 0.";
      gauges.push({ name: "streampulse_part_running", help, value: running ? 1 : 0, part });
      const count = Array.isArray(problems) ? problems.length : 0;
      gauges.push({
        name: "streampulse_part_problems",
        help: "Problems that /healthz names.",
        value: count,
        part,
      });
      for (const [key, name, text, factor, counter] of DETAILS[part] ?? []) {
        const value = details?.[key];
        if (typeof value === "number") gauges.push({ name, help: text, value: value * factor, counter });
        if (typeof value === "boolean") gauges.push({ name, help: text, value: value ? 1 : 0 });
      }
    }
    return gauges;
  }
}

type Detail = [key: string, name: string, help: string, factor: number, counter?: boolean];

/** Which numbers of the parts' health reports are metrics. */
const DETAILS: Partial<Record<string, Detail[]>> = {
  probe: [
    [
      "latenessP99Ms",
      "streampulse_probe_lateness_seconds",
      "How late regular checks begin, 99th percentile of the last one to two minutes.",
      0.001,
    ],
    [
      "skipped",
      "streampulse_probe_skipped_total",
      "Checks left out because the ones before were not done.",
      1,
      true,
    ],
  ],
  store: [
    ["checksStored", "streampulse_store_checks_total", "Checks written to the database.", 1, true],
    ["dropped", "streampulse_store_dropped_total", "Checks that could not be stored.", 1, true],
    ["queued", "streampulse_store_queued_checks", "Checks that wait for the next commit.", 1],
    ["databaseBytes", "streampulse_store_database_bytes", "Size of the database with its log.", 1],
    ["lastCommitAgoMs", "streampulse_store_last_commit_age_seconds", "Time since the last commit.", 0.001],
  ],
  mqtt: [
    ["connected", "streampulse_mqtt_connected", "Whether the broker is connected: 1 or 0.", 1],
    ["published", "streampulse_mqtt_published_total", "Messages published.", 1, true],
    ["queued", "streampulse_mqtt_queued_messages", "Messages that wait for the broker.", 1],
  ],
};
