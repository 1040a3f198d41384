import type { Database } from "better-sqlite3";
import { stateOfCode } from "./codes";
import { Refusal } from "./history";
import type { StoredCheck } from "./store-messages";
import type { Reason } from "../../contracts";

/** A check as it is looked up. */
export interface FoundCheck extends StoredCheck {
  ok: boolean;
}

export type FoundSpan = [start: number, end: number | null, state: number, reason: number | null];

type Raw = [number, number, string, string, number | null, number];

const CHECK_COLUMNS = "at, state, reasons.text, messages.text, latency, v22_ok";
const TEXTS = "CROSS JOIN reasons ON reasons.id = reason CROSS JOIN messages ON messages.id = message";
const CHECKS_A_SLICE = 4000;

/** The statements that several questions share, over one connection that reads. */
export class HistoryData {
  readonly statements: ReturnType<typeof prepareStatements>;

  constructor(readonly db: Database) {
    this.statements = prepareStatements(db);
  }

  /** @throws Refusal when no stream ever had this name */
  streamId(name: string): number {
    const id = this.findStreamId(name);
    if (id === undefined) throw noStream(name);
    return id;
  }

  /** Of the watched stream of this name, else of the one that was removed last. */
  findStreamId(name: string): number | undefined {
    return this.statements.streamId.get(name) as number | undefined;
  }

  get flushes(): number {
    return this.statements.flushes.get() as number;
  }

  /** The newest checks in a range, newest first; more than `limit` where several share the last one's millisecond. */
  newestChecks(stream: number, from: number, to: number, limit: number): FoundCheck[] {
    const found = this.newest(stream, from, to, limit);
    const last = found[limit - 1];
    if (!last) return found.map(toCheck);
    const isNewer = ([at]: Raw) => at > last[0];
    return [...found.filter(isNewer), ...this.newest(stream, last[0], last[0] + 1, -1)].map(toCheck);
  }

  private newest(stream: number, from: number, to: number, most: number): Raw[] {
    const { newestGrouped, newestUngrouped } = this.statements;
    const found = [
      ...(newestUngrouped.all(stream, from, to, most) as Raw[]),
      ...(newestGrouped.all(stream, from, to, most) as Raw[]),
    ];
    return found.sort((a, b) => b[0] - a[0]);
  }

  /** The spans of a stream that touch a range, oldest first. */
  spans(stream: number, from: number, to: number): FoundSpan[] {
    return this.statements.spans.all({ stream, from, to }) as FoundSpan[];
  }

  /** All checks in a range, oldest first but for those not regrouped yet, which come last. */
  *checks(stream: number, from: number, to: number): Generator<FoundCheck[], void, unknown> {
    for (let after = from; ;) {
      const rows = this.statements.grouped.all(stream, after, to, CHECKS_A_SLICE) as Raw[];
      if (rows.length > 0) yield rows.map(toCheck);
      if (rows.length < CHECKS_A_SLICE) break;
      after = (rows.at(-1) as Raw)[0] + 1;
    }
    const rows = this.statements.newestUngrouped.all(stream, from, to, -1) as Raw[];
    if (rows.length > 0) yield rows.reverse().map(toCheck);
  }
}

export function noStream(name: string): Refusal {
  return new Refusal(404, "stream_not_found", `No stream is named ${JSON.stringify(name.slice(0, 200))}.`);
}

export function toCheck([at, state, reason, message, latencyMs, ok]: Raw): FoundCheck {
  return { at, state: stateOfCode(state), reason: reason as Reason, message, latencyMs, ok: ok === 1 };
}

/** Spans follow one another: the first that matters is the last one to begin before the range. */
const SPANS = `
  SELECT start, "end", state, reason FROM spans
  WHERE stream = @stream AND start < @to AND start >= coalesce(
    (SELECT max(start) FROM spans WHERE stream = @stream AND start <= @from), @from)
  ORDER BY start`;

/** Milliseconds of each stream in each state in which it was not watched, between two times. */
const UNWATCHED = `
  SELECT stream, state, sum(min("end", @to) - max(start, @from)) FROM spans INDEXED BY spans_unwatched
  WHERE state >= 3 AND "end" > @from AND start < @to GROUP BY stream, state
  UNION ALL
  SELECT stream, state, @to - max(start, @from) FROM spans INDEXED BY spans_open
  WHERE "end" IS NULL AND state >= 3 AND start < @to`;

function prepareStatements(db: Database) {
  const checks = (table: string, order: string) =>
    db
      .prepare(
        `SELECT ${CHECK_COLUMNS} FROM ${table} ${TEXTS} WHERE stream = ? AND at >= ? AND at < ? ORDER BY ${order} LIMIT ?`,
      )
      .raw();
  return {
    streamId: db
      .prepare("SELECT id FROM streams WHERE name = ? ORDER BY removed IS NOT NULL, removed DESC LIMIT 1")
      .pluck(),
    spans: db.prepare(SPANS).raw(),
    unwatched: db.prepare(UNWATCHED).raw(),
    flushes: db.prepare("SELECT value FROM progress WHERE key = 'flushes'").pluck(),
    grouped: checks("checks", "at"),
    newestGrouped: checks("checks", "at DESC"),
    newestUngrouped: checks("ungrouped", "at DESC, row DESC"),
  };
}
