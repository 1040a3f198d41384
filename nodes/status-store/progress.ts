import type { Database, Statement } from "better-sqlite3";

export type ProgressKey =
  | "regroup_row"
  | "regroup_stream"
  | "flushes"
  | "rolled_hour"
  | "retained_at"
  | "alive_at"
  | "last_stream"
  | "clock_doubted";

/** How far work in slices has come, in the database itself. */
export class Progress {
  private readonly find: Statement<[string], number>;
  private readonly put: Statement<[string, number]>;

  constructor(db: Database) {
    this.find = db.prepare<[string], number>("SELECT value FROM progress WHERE key = ?").pluck();
    this.put = db.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?)");
  }

  /** 0 before the first. */
  get(key: ProgressKey): number {
    return this.find.get(key) ?? 0;
  }

  set(key: ProgressKey, value: number): void {
    this.put.run(key, value);
  }
}

/** When the database was last written to by a running monitor, epoch milliseconds; 0 for a new one. */
export function lastSignOfLife(db: Database): number {
  const newestCheck = db.prepare("SELECT at FROM recent ORDER BY row DESC LIMIT 1").pluck().get() as
    number | undefined;
  const newestSpan = db.prepare(`SELECT max(start) FROM spans WHERE "end" IS NULL`).pluck().get() as
    number | null;
  return Math.max(newestCheck ?? 0, newestSpan ?? 0, new Progress(db).get("alive_at"));
}
