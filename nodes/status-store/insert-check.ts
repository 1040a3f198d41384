import type { Database, Statement } from "better-sqlite3";

/** Columns of `checks`: stream, at, state, reason, message, latency, v22_ok. */
export type CheckRow = [number, number, number, number, number, number | null, number];

const MOST_SHIFTED_MS = 1000;

/**
 * Writes checks into their place by stream and time. Two of one millisecond (a clock that was set back, tables that
 * v2.2 shared) are kept both: the second moves on to the next free one.
 */
export class CheckInserter {
  private readonly insert: Statement<CheckRow>;

  constructor(db: Database) {
    this.insert = db.prepare("INSERT OR IGNORE INTO checks VALUES (?, ?, ?, ?, ?, ?, ?)");
  }

  run(row: CheckRow): void {
    for (let shifted = 0; shifted < MOST_SHIFTED_MS; shifted++) {
      if (this.insert.run(...row).changes > 0) return;
      row[1]++;
    }
  }
}
