import type { Database } from "better-sqlite3";
import { deleteOfStreams } from "./delete-of-streams";
import { Progress } from "./progress";
import { DAY_MS, HOUR_MS } from "./rollup";
import { RollupTable } from "./rollup-table";
import type { Slices } from "./slices";

const ROWS_A_SLICE = 5000;
/** Every table that is kept by stream but those of checks: its column of time, and the unit of it. */
const TABLES = [
  ["rollups", "hour", HOUR_MS],
  ["daily_rollups", "day", DAY_MS],
  ["spans", "start", 1],
  ["transitions", "at", 1],
  ["incidents", "start", 1],
] as const;

/** What is to be forgotten of a stream: its checks up to a row of `recent`, and all else before a time. */
interface Forgotten {
  stream: number;
  row: number;
  /** Epoch milliseconds. */
  until: number;
}

const EVERYTHING = { row: Number.MAX_SAFE_INTEGER, until: Number.MAX_SAFE_INTEGER };

/** Notes whose history has to go. The caller holds the transaction. */
export class ForgetList {
  private readonly progress: Progress;
  private readonly statements: ReturnType<typeof prepareStatements>;

  constructor(db: Database) {
    this.progress = new Progress(db);
    this.statements = prepareStatements(db);
  }

  /** What the sums of the running hour and day hold goes at once, because later there is more in them. */
  add({ stream, row, until }: Forgotten): void {
    this.statements.removeHours.run(stream, Math.floor(until / HOUR_MS));
    this.statements.removeDays.run(stream, Math.floor(until / DAY_MS));
    this.statements.insert.run(stream, row, until);
  }

  /** Takes the stream out of the table too. Its id is never given again. */
  addWhole(stream: number): void {
    this.statements.removeStream.run(stream);
    this.statements.removeRolled.run(stream);
    this.progress.set("last_stream", Math.max(stream, this.progress.get("last_stream")));
    this.add({ stream, ...EVERYTHING });
  }

  has(stream: number): boolean {
    return this.statements.find.get(stream) !== undefined;
  }

  /** An import that is not done may know the name, and must not bring its history back. */
  addName(name: string): void {
    this.statements.insertName.run(name);
  }

  hasName(name: string): boolean {
    return this.statements.findName.get(name) !== undefined;
  }
}

/** Once nothing can come in any more. */
export function clearForgottenNames(db: Database): void {
  db.exec("DELETE FROM forgotten_names");
}

function prepareStatements(db: Database) {
  return {
    find: db.prepare("SELECT 1 FROM forgotten WHERE stream = ?"),
    insertName: db.prepare("INSERT OR IGNORE INTO forgotten_names VALUES (?)"),
    findName: db.prepare("SELECT 1 FROM forgotten_names WHERE name = ?"),
    removeStream: db.prepare("DELETE FROM streams WHERE id = ?"),
    removeRolled: db.prepare("DELETE FROM rolled WHERE stream = ?"),
    removeHours: db.prepare("DELETE FROM rollups WHERE stream = ? AND hour >= ?"),
    removeDays: db.prepare("DELETE FROM daily_rollups WHERE stream = ? AND day >= ?"),
    insert: db.prepare("INSERT OR REPLACE INTO forgotten VALUES (?, ?, ?)"),
  };
}

export function isAnythingForgotten(db: Database): boolean {
  return db.prepare("SELECT 1 FROM forgotten LIMIT 1").get() !== undefined;
}

/** Deletes the history of the streams on the list; after a kill it goes on with those that are left. */
export function* forget(db: Database): Slices {
  const all = db.prepare("SELECT stream, row, until FROM forgotten ORDER BY stream").all() as Forgotten[];
  yield* forgetRecent(db);
  // what came since stands in recent, until it is regrouped after this
  yield* deleteOfStreams(db, "checks", "true", all);
  for (const [table, column, unit] of TABLES) {
    const streams = all.map(({ stream, until }) => ({ stream, before: Math.floor(until / unit) }));
    yield* deleteOfStreams(db, table, `${column} < @before`, streams);
  }
  db.transaction(() => {
    // one that was put on the list again meanwhile stays there
    const done = db.prepare("DELETE FROM forgotten WHERE stream = @stream AND row = @row AND until = @until");
    for (const one of all) done.run(one);
    new RollupTable(db).changed();
  }).immediate();
}

function* forgetRecent(db: Database): Slices {
  const end = (which: "min" | "max") =>
    db.prepare(`SELECT ${which}(row) FROM recent`).pluck().get() as number;
  const [first, last] = [end("min"), end("max")];
  const remove = db.prepare(
    `DELETE FROM recent WHERE row >= ? AND row < ? AND EXISTS
       (SELECT 1 FROM forgotten WHERE forgotten.stream = recent.stream AND recent.row <= forgotten.row)`,
  );
  for (let row = first; row <= last; row += ROWS_A_SLICE) {
    remove.run(row, row + ROWS_A_SLICE);
    yield;
  }
}
