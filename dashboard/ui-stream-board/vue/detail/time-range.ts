const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const WINDOWS = { "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS } as const;
export type Window = keyof typeof WINDOWS;

export interface TimeRange {
  /** Epoch milliseconds. */
  from: number;
  to: number;
}

interface Bucketing {
  /** As the query `history` names it. */
  name: string;
  ms: number;
}

const BUCKETS: readonly Bucketing[] = [
  { name: "10s", ms: 10_000 },
  { name: "30s", ms: 30_000 },
  { name: "1m", ms: MINUTE_MS },
  { name: "2m", ms: 2 * MINUTE_MS },
  { name: "5m", ms: 5 * MINUTE_MS },
  { name: "10m", ms: 10 * MINUTE_MS },
  { name: "30m", ms: 30 * MINUTE_MS },
  { name: "1h", ms: HOUR_MS },
  { name: "2h", ms: 2 * HOUR_MS },
  { name: "3h", ms: 3 * HOUR_MS },
];
const WIDEST: Bucketing = { name: "6h", ms: 6 * HOUR_MS };
const MOST_BUCKETS = 320;
/** Single checks are kept so long unless config.yaml says otherwise; older times are known by the hour. */
const CHECKS_KEPT_MS = 7 * DAY_MS;
export const LEAST_RANGE_MS = 5 * MINUTE_MS;

/** @param leastMs two checks should not be further apart than a bucket is wide */
export function bucketFor(
  { from, to }: TimeRange,
  now: number,
  leastMs: number,
): { name: string; ms: number } {
  const needed = Math.max((to - from) / MOST_BUCKETS, leastMs, from < now - CHECKS_KEPT_MS ? HOUR_MS : 0);
  const found = BUCKETS.find(({ ms }) => ms >= needed);
  return found ?? WIDEST;
}

/** Moments for the marks of a time axis: at most `most`, at full minutes, hours or days of the time zone. */
export function ticks(
  { from, to }: TimeRange,
  most: number,
  offsetMs: number,
): { at: number; isDay: boolean }[] {
  const steps = [1, 2, 5, 10, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400].map((n) => n * MINUTE_MS);
  const step = steps.find((width) => (to - from) / width <= most) ?? 30 * DAY_MS;
  const found: { at: number; isDay: boolean }[] = [];
  for (let local = Math.ceil((from + offsetMs) / step) * step; local - offsetMs <= to; local += step) {
    found.push({ at: local - offsetMs, isDay: local % DAY_MS === 0 });
  }
  return found;
}

/** What has to be added to UTC in a time zone. @param timeZone IANA name */
export function zoneOffsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(at);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  const match = /([+-])(\d\d):(\d\d)/.exec(name);
  if (!match) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * MINUTE_MS;
}

/** Where the marks of a latency axis stand: round numbers up to a little more than the highest value. */
export function latencySteps(highest: number): number[] {
  const rough = Math.max(highest, 4) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((width) => width >= rough) ?? rough;
  return [0, 1, 2, 3, 4].map((index) => index * step);
}
