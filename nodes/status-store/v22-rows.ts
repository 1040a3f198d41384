import { isEnvironmental } from "./store-failure";
import { v22Time } from "./v22-samples";

export interface V22Row {
  id: number;
  ts: unknown;
  status: unknown;
  latency: unknown;
  message: unknown;
}

export interface V22Rows {
  rows: V22Row[];
  /** The id after which to read on. */
  lastId: number;
  /** Rows that could not be read. */
  lost: number;
  done: boolean;
}

/** What an import reads of a v2.2 database. */
export interface V22Reader {
  /** Names of all log tables, always the same of the same file. */
  tables(): string[];
  /** The streams that it knew, as far as they can be read. */
  streams(): { name: string; url: string }[];
  /** The largest id of a table, as far as anybody can tell. */
  lastId(table: string): number;
  /** Rows behind `after` in the order of their ids. */
  read(table: string, after: number, most: number): V22Rows;
  close(): void;
}

/** The old database cannot be read now: it is locked, or this user may not. The message says why. */
export class UnreadableSource extends Error {}

/** @throws UnreadableSource */
export function reading<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw isEnvironmental(error) ? new UnreadableSource(errorText(error)) : error;
  }
}

function errorText(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code ?? message;
}

const DEFAULT_INTERVAL_MS = 20_000;
const LONGEST_INTERVAL_MS = 3_600_000;
const SAMPLES_FOR_INTERVAL = 50;

/** The usual time between two samples, from the first ones: the median. */
export function usualIntervalMs(source: V22Reader, table: string): number {
  const times = source.read(table, 0, SAMPLES_FOR_INTERVAL).rows.map(({ ts }) => v22Time(ts));
  const gaps: number[] = [];
  for (let index = 1; index < times.length; index++) {
    const gap = (times[index] ?? NaN) - (times[index - 1] ?? NaN);
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] ?? DEFAULT_INTERVAL_MS;
  return Math.min(Math.max(median, 1000), LONGEST_INTERVAL_MS);
}
