import { ZonedTime } from "../../common/zoned-time";
import {
  Refusal,
  WINDOWS,
  type BarsQuestion,
  type ExportQuestion,
  type HistoryOfStream,
  type IncidentsQuestion,
  type TransitionsQuestion,
  type UptimeQuestion,
  type Window,
} from "./history";
import { DAY_MS } from "./rollup";

/** Reads the parameters of a query; whatever is wrong with them is a Refusal with one sentence. */

export type Parameters = Readonly<Record<string, unknown>>;

/** What every question is told beside its parameters. */
export interface Asked {
  /** Epoch milliseconds. */
  now: number;
  timezone: string;
}

const MOST_CHECKS = 10_000;
const MOST_INCIDENTS = 1000;
const MOST_BUCKETS = 10_000;
const MOST_BARS = 500;
const MOST_STREAMS = 200;
const MOST_TRANSITIONS = 1000;
const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;
const LONGEST_BUCKET_MS = 366 * DAY_MS;
const BY = ["stream", "group", "all"] as const;

export function historyQuestion(parameters: Parameters, stream: string, asked: Asked): HistoryOfStream {
  knowOnly(parameters, ["from", "to", "limit", "bucket", "name"]);
  const { from, to } = range(parameters, asked, DAY_MS);
  const bucketMs = bucket(parameters.bucket);
  if (bucketMs !== null && (to - from) / bucketMs > MOST_BUCKETS) {
    throw wrong("bucket", `is too small for this time: it gives more than ${MOST_BUCKETS} buckets`);
  }
  const limit = integer("limit", parameters.limit, 1, MOST_CHECKS, 1000);
  return { kind: "history", stream, from, to, limit, bucketMs, ...asked };
}

export function incidentsQuestion(parameters: Parameters, asked: Asked): IncidentsQuestion {
  knowOnly(parameters, ["stream", "from", "to", "limit", "open", "before"]);
  return {
    kind: "incidents",
    ...range(parameters, asked, null),
    stream: text("stream", parameters.stream),
    limit: integer("limit", parameters.limit, 1, MOST_INCIDENTS, 100),
    open: flag("open", parameters.open),
    before: position(parameters.before),
    timezone: asked.timezone,
  };
}

export function uptimeQuestion(parameters: Parameters, { now, timezone }: Asked): UptimeQuestion {
  knowOnly(parameters, ["window", "by", "stream"]);
  const windows = list("window", parameters.window, Object.keys(WINDOWS) as Window[]);
  const by = list("by", parameters.by, BY);
  return { kind: "uptime", windows, by, stream: text("stream", parameters.stream), now, timezone };
}

export function exportQuestion(
  parameters: Parameters,
  format: ExportQuestion["format"],
  asked: Asked,
): ExportQuestion {
  knowOnly(parameters, ["stream", "from", "to"]);
  const stream = text("stream", parameters.stream);
  return { kind: "export", format, stream, ...range(parameters, asked, null), timezone: asked.timezone };
}

export function barsQuestion(parameters: Parameters, { now }: Asked): BarsQuestion {
  knowOnly(parameters, ["streams", "hours", "buckets"]);
  const given: unknown = parameters.streams;
  const streams: unknown[] = Array.isArray(given) ? given : [given];
  if (streams.length > MOST_STREAMS || !streams.every((name) => typeof name === "string")) {
    throw wrong("streams", `must be a list of at most ${MOST_STREAMS} names`);
  }
  const hours = integer("hours", parameters.hours, 1, 168, 24);
  return {
    kind: "bars",
    streams,
    hours,
    buckets: integer("buckets", parameters.buckets, 1, MOST_BARS, 48),
    now,
  };
}

export function transitionsQuestion(parameters: Parameters): TransitionsQuestion {
  knowOnly(parameters, ["after", "consumer", "limit"]);
  const after = text("after", parameters.after);
  if (after !== null && !/^\d{1,15}$/.test(after)) throw wrong("after", "must be the number of a transition");
  const consumer = text("consumer", parameters.consumer);
  if (consumer !== null && consumer.length > 100)
    throw wrong("consumer", "must not be longer than 100 characters");
  const limit = integer("limit", parameters.limit, 1, MOST_TRANSITIONS, 100);
  const from = { after: after === null ? null : Number(after), consumer };
  return { kind: "transitions", ...from, said: null, received: 0, limit };
}

/** @param usualMs how far back a range reaches that does not say; null: to the beginning */
function range(parameters: Parameters, { now, timezone }: Asked, usualMs: number | null) {
  // the check of this very millisecond belongs to it
  const to = time("to", parameters.to, timezone) ?? now + 1;
  const from = time("from", parameters.from, timezone) ?? (usualMs === null ? 0 : Math.max(0, to - usualMs));
  if (from >= to) throw wrong("from", "must be earlier than to");
  return { from, to };
}

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/;

/** Epoch milliseconds, or ISO 8601, in the configured time zone where it names no offset. */
function time(name: string, value: unknown, timezone: string): number | undefined {
  const given = text(name, value);
  if (given === null) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  // a + in a query that nobody encoded arrives as a space
  const match = DATE.exec(given.replace(/ (\d\d:?\d\d)$/, "+$1"));
  const problem = wrong(
    name,
    "must be a time in epoch milliseconds or as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00:00+01:00",
  );
  if (!match) throw problem;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", offset] = match;
  const local = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0").slice(0, 3)}Z`,
  );
  // Date.parse takes the 31st of February for the 3rd of March
  if (Number.isNaN(local) || new Date(local).getUTCDate() !== Number(day)) throw problem;
  if (offset === "Z") return local;
  if (offset) {
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
    return local - (offset.startsWith("-") ? -1 : 1) * minutes * 60_000;
  }
  const zone = new ZonedTime(timezone);
  const guess = local - zone.offsetSeconds(local) * 1000;
  return local - zone.offsetSeconds(guess) * 1000;
}

function bucket(value: unknown): number | null {
  const given = text("bucket", value);
  if (given === null) return null;
  const match = /^(\d{1,9})([smhd]?)$/.exec(given);
  const unit = (match?.[2] || "s") as keyof typeof UNITS;
  const ms = match ? Number(match[1]) * UNITS[unit] : 0;
  if (ms < 1000 || ms > LONGEST_BUCKET_MS) {
    throw wrong(
      "bucket",
      "must be a width such as 30s, 5m, 1h or 1d (a plain number is seconds), at most 366d",
    );
  }
  return ms;
}

function position(value: unknown): IncidentsQuestion["before"] {
  const given = text("before", value);
  if (given === null) return null;
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(given);
  if (!match) throw wrong("before", "must be what the last page gave as next.before");
  return { start: Number(match[1]), id: Number(match[2]) };
}

function integer(name: string, value: unknown, min: number, max: number, usual: number): number {
  const given = text(name, value);
  if (given === null) return usual;
  const number = Number(given);
  if (!/^\d{1,9}$/.test(given) || number < min || number > max) {
    throw wrong(name, `must be a whole number from ${min} to ${max}`);
  }
  return number;
}

function flag(name: string, value: unknown): boolean {
  const given = text(name, value);
  if (given === null || given === "false") return false;
  if (given === "true") return true;
  throw wrong(name, "must be true or false");
}

function list<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word[] {
  const given = text(name, value);
  if (given === null) return [...words];
  const found = given.split(",").map((word) => words.find((known) => known === word.trim()));
  if (found.includes(undefined)) throw wrong(name, `must be one or several of ${words.join(", ")}`);
  return [...new Set(found as Word[])];
}

function text(name: string, value: unknown): string | null {
  if (value === undefined || value === "") return null;
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw wrong(name, "must be given once");
  return value;
}

function knowOnly(parameters: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const shown = JSON.stringify(unknown.slice(0, 50));
  throw new Refusal(
    400,
    "bad_parameter",
    `There is no parameter ${shown} here: known are ${known.join(", ")}.`,
  );
}

function wrong(name: string, problem: string): Refusal {
  return new Refusal(400, "bad_parameter", `The parameter ${name} ${problem}.`);
}
