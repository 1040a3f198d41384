import type { Database, Statement } from "better-sqlite3";
import {
  COLUMNS,
  DAY_MS,
  fromColumns,
  HOUR_MS,
  mergeRollup,
  toColumns,
  type Rollup,
  type RollupColumns,
} from "./rollup";

/** Adds sums to the rows of `rollups` and `daily_rollups`. The caller holds the transaction. */
export class RollupTable {
  private readonly hours: ReturnType<typeof statements>;
  private readonly days: ReturnType<typeof statements>;
  private readonly bump: Statement<[]>;

  constructor(db: Database) {
    this.hours = statements(db, "rollups", "hour");
    this.days = statements(db, "daily_rollups", "day");
    this.bump = db.prepare("UPDATE progress SET value = value + 1 WHERE key = 'flushes'");
  }

  /** @param hours sums by hour since the epoch */
  add(stream: number, hours: ReadonlyMap<number, Rollup>): void {
    const days = new Map<number, Rollup>();
    for (const [hour, rollup] of hours) {
      merge(this.hours, stream, hour, rollup);
      const day = Math.floor((hour * HOUR_MS) / DAY_MS);
      const sum = days.get(day);
      if (sum) mergeRollup(sum, rollup);
      else days.set(day, rollup.slice());
    }
    for (const [day, rollup] of days) merge(this.days, stream, day, rollup);
  }

  /** Tells readers that what they have added up is no longer what stands in the tables. */
  changed(): void {
    this.bump.run();
  }
}

const MARKS = ", ?".repeat(COLUMNS.split(",").length);

function statements(db: Database, table: string, unit: string) {
  return {
    get: db.prepare(`SELECT ${COLUMNS} FROM ${table} WHERE stream = ? AND ${unit} = ?`).raw(),
    put: db.prepare(
      `INSERT OR REPLACE INTO ${table} (stream, ${unit}, ${COLUMNS}) VALUES (?, ?${MARKS})`,
    ) as Statement<RollupColumns>,
  };
}

function merge({ get, put }: ReturnType<typeof statements>, stream: number, unit: number, rollup: Rollup) {
  const row = get.get(stream, unit) as unknown[] | undefined;
  const sum = row ? fromColumns(row) : rollup;
  if (row) mergeRollup(sum, rollup);
  put.run(stream, unit, ...toColumns(sum));
}
