import type { Database } from "better-sqlite3";
import { CheckInserter, type CheckRow } from "./insert-check";
import type { OpenRollups } from "./open-rollups";
import { Progress } from "./progress";
import type { Slices } from "./slices";

const STREAMS_A_FLUSH = 100;
const ROWS_A_SLICE = 4000;
const ROWS_A_LOOK = 20_000;
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
  const rowsOf = yield* rowsByStream(db, through, progress.get("regroup_stream"));
  const find = db
    .prepare(
      `SELECT stream, at, state, reason, message, latency, v22_ok FROM recent
       WHERE row IN (SELECT value FROM json_each(?)) ORDER BY stream, at`,
    )
    .raw();
  const inserter = new CheckInserter(db);
  const streams = [...rowsOf.keys()].sort((a, b) => a - b);
  for (let index = 0, some: number[] = []; index < streams.length; index++) {
    const stream = streams[index] as number;
    some = some.concat(rowsOf.get(stream) as number[]);
    if (some.length < ROWS_A_SLICE && index < streams.length - 1) continue;
    db.transaction(() => {
      for (const row of find.all(JSON.stringify(some)) as CheckRow[]) inserter.run(row);
      progress.set("regroup_stream", stream);
    }).immediate();
    some = [];
    yield;
  }
  yield* deleteRecent(db, progress, through);
}

/** Which rows of `recent` are each stream's: it is read once, however many streams there are. */
function* rowsByStream(
  db: Database,
  through: number,
  afterStream: number,
): Generator<void, Map<number, number[]>, void> {
  const rowsOf = new Map<number, number[]>();
  // what is being forgotten belongs to no stream any more
  const streams = new Set(db.prepare("SELECT id FROM streams WHERE id > ?").pluck().all(afterStream));
  const read = db
    .prepare("SELECT row, stream FROM recent WHERE row > ? AND row <= ? ORDER BY row LIMIT ?")
    .raw();
  for (let after = 0; ;) {
    const rows = read.all(after, through, ROWS_A_LOOK) as [row: number, stream: number][];
    for (const [row, stream] of rows) {
      if (!streams.has(stream)) continue;
      const known = rowsOf.get(stream);
      if (known) known.push(row);
      else rowsOf.set(stream, [row]);
    }
    yield;
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_A_LOOK) return rowsOf;
    after = last[0];
  }
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
