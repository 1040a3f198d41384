import { copyFileSync } from "node:fs";
import path from "node:path";
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import BetterSqlite, { type Database } from "better-sqlite3";
import { temporaryFolder } from "../support/temporary-folder";
import { rows, WriterHarness } from "./support";

/** Databases of v2.2 to be imported. */

const TABLE =
  "(id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, status TEXT NOT NULL, latency_ms INTEGER, message TEXT)";

/** A writer whose streams.db is about to be the given v2.2 database. */
export function harness(context: TestContext, source: string | ((db: Database) => void)): WriterHarness {
  const file = path.join(temporaryFolder(context), "streams.db");
  if (typeof source === "string") copyFileSync(source, file);
  else {
    const db = new BetterSqlite(file);
    db.exec("CREATE TABLE streams(name TEXT PRIMARY KEY, url TEXT NOT NULL)");
    db.exec(
      "CREATE TABLE users(user TEXT PRIMARY KEY, pass TEXT NOT NULL); INSERT INTO users VALUES ('admin', 'admin123')",
    );
    source(db);
    db.close();
  }
  const one = new WriterHarness(file);
  context.after(() => one.writer.stop());
  return one;
}

/** Starts it and lets the import go on until it is done. */
export function importAll(one: WriterHarness, ...streams: { name: string; url: string }[]): void {
  one.writer.start();
  one.watch(...streams);
  for (let turns = 0; turns < 10_000 && !isDone(one); turns++) one.clock.pass(50);
  assert.ok(isDone(one), one.logger.texts().join("\n"));
}

export const isDone = (one: WriterHarness) => one.stats?.maintenance?.imports[0]?.done === true;
export const countsByName = (file: string) =>
  Object.fromEntries(
    rows(
      file,
      "SELECT name, count(*) AS count FROM checks JOIN streams ON id = stream GROUP BY name ORDER BY name",
    ).map((row) => [(row as { name: string }).name, (row as { count: number }).count]),
  );
export const sample = (second: number, status = "ok", message = "RTSP 200", offset = "+00:00") => [
  `2026-01-01T00:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}.000000${offset}`,
  status,
  7,
  message,
];
export function log(db: Database, table: string, samples: unknown[][]): void {
  db.exec(`CREATE TABLE "${table}" ${TABLE}`);
  const insert = db.prepare(`INSERT INTO "${table}" (ts, status, latency_ms, message) VALUES (?, ?, ?, ?)`);
  db.transaction(() => samples.forEach((values) => insert.run(...values)))();
}
