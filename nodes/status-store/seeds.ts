import type { Database } from "better-sqlite3";
import { REASONS, type Reason } from "../../contracts/reasons";
import { levelOfCode, STATE_CODES, stateOfCode } from "./codes";
import type { Seed, StoredCheck } from "./store-messages";
import type { RegisteredStream } from "./stream-registry";

interface SpanRow {
  state: number;
  reason: string | null;
  since: number;
  level: number | null;
}

interface CheckRow {
  stream: number;
  at: number;
  state: number;
  reason: string;
  message: string;
  latency: number | null;
}

const CHECK = (table: string) => `
  SELECT stream, at, state, reasons.text AS reason, messages.text AS message, latency
  FROM ${table} CROSS JOIN reasons ON reasons.id = reason CROSS JOIN messages ON messages.id = message`;

/** Reads the last confirmed state and the last check of streams. */
export function readSeeds(db: Database, streams: Iterable<RegisteredStream>): Seed[] {
  const list = [...streams];
  const confirmed = readConfirmed(db, list);
  const checks = readLastChecks(db, confirmed);
  const media = db.prepare<[number], string | null>("SELECT media FROM streams WHERE id = ?").pluck();
  return list.map(({ id, name, origin, protocol }) => ({
    id,
    name,
    origin,
    protocol,
    confirmed: confirmed.get(id) ?? null,
    last: checks.get(id) ?? null,
    media: JSON.parse(media.get(id) ?? "null") as unknown,
  }));
}

/** Pending and unknown say only that the monitor did not look: what was confirmed before still counts. */
function readConfirmed(db: Database, streams: { id: number }[]): Map<number, Seed["confirmed"]> {
  const find = db.prepare(
    `SELECT spans.state, reasons.text AS reason, spans.since, spans.level
     FROM spans LEFT JOIN reasons ON reasons.id = spans.reason
     WHERE stream = ? AND state NOT IN (${STATE_CODES.pending}, ${STATE_CODES.unknown}) ORDER BY start DESC LIMIT 1`,
  );
  return new Map(streams.map(({ id }) => [id, toConfirmed(find.get(id) as SpanRow | undefined)]));
}

function toConfirmed(row: SpanRow | undefined): Seed["confirmed"] {
  if (!row || (row.reason !== null && !isReason(row.reason))) return null;
  return {
    state: stateOfCode(row.state),
    reason: row.reason,
    since: row.since,
    level: levelOfCode(row.level),
  };
}

/**
 * Newest rows of `recent` first, until every stream that is being probed is found: in a running system that is one
 * heartbeat's rows. What is not there is looked up in `checks`. CROSS JOIN keeps SQLite from sorting the table.
 */
function readLastChecks(db: Database, streams: Map<number, Seed["confirmed"]>): Map<number, StoredCheck> {
  const found = new Map<number, StoredCheck>();
  const isProbed = (stream: number) => streams.get(stream)?.state !== "paused";
  let missing = [...streams.keys()].filter(isProbed).length;
  if (missing > 0) {
    const newestFirst = db.prepare(`${CHECK("recent")} ORDER BY recent.row DESC`);
    for (const row of newestFirst.iterate() as Iterable<CheckRow>) {
      if (found.has(row.stream) || !streams.has(row.stream) || !isReason(row.reason)) continue;
      found.set(row.stream, toCheck(row, row.reason));
      if (isProbed(row.stream) && --missing === 0) break;
    }
  }
  const lastOfStream = db.prepare(`${CHECK("checks")} WHERE stream = ? ORDER BY at DESC LIMIT 1`);
  for (const stream of streams.keys()) {
    if (found.has(stream)) continue;
    const row = lastOfStream.get(stream) as CheckRow | undefined;
    if (row && isReason(row.reason)) found.set(stream, toCheck(row, row.reason));
  }
  return found;
}

function toCheck({ at, state, message, latency }: CheckRow, reason: Reason): StoredCheck {
  return { at, state: stateOfCode(state), reason, message, latencyMs: latency };
}

/** A newer program may have written a code that this one does not know. */
function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}
