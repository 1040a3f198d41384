import type { Database } from "better-sqlite3";
import { CheckInserter, type CheckRow } from "./insert-check";
import type { OpenRollups } from "./open-rollups";
import { Progress } from "./progress";
import type { Slices } from "./slices";

const STREAMS_A_FLUSH = 100;
const ROWS_A_SLICE = 5000;
const ROWS_A_DELETION = 5000;

/**
 * Once an hour: puts the sums into the rollups, then moves the checks that they count from their order in time to
 * their place by stream. A crash in the middle loses and doubles nothing: `progress` says what stands in both tables.
 */
export function* regroup(db: Database, rollups: OpenRollups, now: () => number): Slices {
  const progress = new Progress(db);
  if (progress.get("regroup_row") > 0) yield* moveChecks(db, progress);
  const newest = db.prepare("SELECT max(row) FROM recent").pluck().get() as number | null;
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after;
    after = db.transaction(() => rollups.flush(from, STREAMS_A_FLUSH, now())).immediate();
    yield;
  }
  // the newest stays, so that rows never count from 1 again
  if (newest === null || newest < 2) return;
  db.transaction(() => {
    progress.set("regroup_row", newest - 1);
    progress.set("regroup_stream", 0);
  }).immediate();
  yield;
  yield* moveChecks(db, progress);
}

function* moveChecks(db: Database, progress: Progress): Slices {
  const through = progress.get("regroup_row");
  const rows = db.prepare("SELECT count(*) FROM recent WHERE row <= ?").pluck().get(through) as number;
  const streams = db.prepare("SELECT id FROM streams ORDER BY id").pluck().all() as number[];
  yield;
  // a slice reads all of recent: the more streams it takes the fewer of them are needed
  const slices = Math.max(1, Math.ceil(rows / ROWS_A_SLICE));
  const streamsASlice = Math.max(1, Math.ceil(streams.length / slices));
  const find = db
    .prepare(
      `SELECT stream, at, state, reason, message, latency, v22_ok FROM recent
       WHERE row <= ? AND stream > ? AND stream <= ? ORDER BY stream, at`,
    )
    .raw();
  const inserter = new CheckInserter(db);
  for (let index = 0; index < streams.length; index += streamsASlice) {
    const last = streams[Math.min(index + streamsASlice, streams.length) - 1] as number;
    const first = progress.get("regroup_stream");
    if (last <= first) continue;
    db.transaction(() => {
      for (const row of find.all(through, first, last) as CheckRow[]) inserter.run(row);
      progress.set("regroup_stream", last);
    }).immediate();
    yield;
  }
  yield* deleteRecent(db, progress, through);
}

function* deleteRecent(db: Database, progress: Progress, through: number): Slices {
  const remove = db.prepare("DELETE FROM recent WHERE row <= ?");
  const oldest = db.prepare("SELECT coalesce(min(row), 0) FROM recent").pluck();
  // whatever stream comes later stands behind this row
  progress.set("regroup_stream", Number.MAX_SAFE_INTEGER);
  for (let row = oldest.get() as number; row <= through; row += ROWS_A_DELETION) {
    remove.run(Math.min(row + ROWS_A_DELETION - 1, through));
    yield;
  }
  db.transaction(() => {
    progress.set("regroup_row", 0);
    progress.set("regroup_stream", 0);
  }).immediate();
}
