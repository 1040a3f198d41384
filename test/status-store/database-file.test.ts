import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import { openDatabase } from "../../nodes/status-store/database-file";
import { migrate, NewerSchemaError, SCHEMA_VERSION, schemaVersion } from "../../nodes/status-store/schema";
import { StoreError } from "../../nodes/status-store/store-failure";
import { fixture } from "../support/fixtures";
import { temporaryFolder } from "../support/temporary-folder";
import { rows } from "./support";

const NOW = new Date("2026-11-22T06:42:13.359Z");

function opened(file: string): string[] {
  const { db, moved } = openDatabase(file, NOW);
  db.close();
  return moved.map(({ text }) => text);
}

describe("openDatabase", () => {
  it("makes folder and file with the settings that last", (context) => {
    const file = path.join(temporaryFolder(context), "deep", "down", "streams.db");
    const { db, moved } = openDatabase(file, NOW);
    assert.deepEqual(moved, []);
    assert.equal(db.pragma("auto_vacuum", { simple: true }), 2);
    assert.equal(db.pragma("journal_mode", { simple: true }), "wal");
    assert.equal(db.pragma("synchronous", { simple: true }), 1);
    assert.equal(schemaVersion(db), SCHEMA_VERSION);
    db.close();
    assert.deepEqual(opened(file), []);
  });

  it("moves a v2.2 database aside with all that stands in its log, and never over another file", (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, "streams.db");
    for (const name of ["streams.v22.db", "streams.v22.db.2"]) {
      copyFileSync(fixture("v2.2", "streams.db"), file);
      // a program that was killed leaves a log behind: copied here from under an open connection
      const live = new BetterSqlite(file);
      live.pragma("wal_autocheckpoint = 0");
      live
        .prepare("INSERT INTO log_Dock (ts, status, latency_ms, message) VALUES ('x', 'ok', 1, 'in the log')")
        .run();
      const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
      live.close();
      writeFileSync(file, main);
      writeFileSync(`${file}-wal`, log);

      const notices = opened(file);
      assert.deepEqual(notices, [
        `${file} is a database of StreamPulse v2.2: it was moved to ${path.join(folder, name)} to be imported from there, and a new one was begun.`,
      ]);
      const moved = path.join(folder, name);
      assert.deepEqual(rows(moved, "SELECT count(*) AS count FROM log_Dock WHERE message = 'in the log'"), [
        { count: 1 },
      ]);
      assert.equal(rows(moved, "SELECT * FROM streams").length, 9);
      assert.equal(rows(file, "SELECT * FROM streams").length, 0);
      for (const left of readdirSync(folder)) {
        if (left.startsWith("streams.db"))
          copyFileSync(fixture("v2.2", "streams.db"), path.join(folder, left));
      }
    }
  });

  it("recognizes a v2.2 database by its log tables alone", (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const old = new BetterSqlite(file);
    old.exec("CREATE TABLE log_Gate (id INTEGER PRIMARY KEY, ts TEXT, status TEXT)");
    old.close();
    assert.match(opened(file)[0] ?? "", /is a database of StreamPulse v2\.2/);
  });

  it("moves aside what is no database, with its log, and begins a new one", (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, "streams.db");
    for (const content of ["x", "this is a shopping list\n".repeat(100)]) {
      writeFileSync(file, content);
      writeFileSync(`${file}-wal`, "its log");
      const [notice] = opened(file);
      const moved = /was moved to (.+); a new one was begun\.$/.exec(notice ?? "")?.[1] ?? "";
      assert.ok(moved.startsWith(`${file}.broken-2026-11-22T06-42-13-359Z`), notice);
      assert.equal(readFileSync(moved, "utf8"), content);
      assert.equal(readFileSync(`${moved}-wal`, "utf8"), "its log");
      assert.equal(rows(file, "SELECT * FROM streams").length, 0);
    }
    assert.equal(readdirSync(folder).filter((name) => /broken-.*Z(\.2)?$/.test(name)).length, 2);
  });

  it("moves aside a database whose pages are damaged", (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    opened(file);
    const bytes = readFileSync(file);
    bytes.fill(0xff, 100, 4000);
    writeFileSync(file, bytes);
    assert.match(opened(file)[0] ?? "", /was not a readable database and was moved to/);
  });

  it("begins in an empty file", (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    writeFileSync(file, "");
    assert.deepEqual(opened(file), []);
    assert.equal(rows(file, "SELECT * FROM streams").length, 0);
  });

  it("refuses a database of a newer program and leaves every byte of it", (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const { db } = openDatabase(file, NOW);
    db.prepare("UPDATE meta SET value = '99' WHERE key = 'schema_version'").run();
    db.close();
    const before = readFileSync(file);
    assert.throws(() => openDatabase(file, NOW), new NewerSchemaError(99, SCHEMA_VERSION));
    assert.deepEqual(readFileSync(file), before);
    assert.equal(existsSync(`${file}-wal`), false);
  });

  it("refuses the database of another program and leaves it", (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const other = new BetterSqlite(file);
    other.exec("CREATE TABLE recipes (name TEXT); CREATE TABLE log_in (user TEXT)");
    other.close();
    const before = readFileSync(file);
    assert.throws(
      () => openDatabase(file, NOW),
      (error: Error) => {
        assert.ok(error instanceof StoreError);
        return /belongs to another program \(it has the tables recipes, log_in\)/.test(error.message);
      },
    );
    assert.deepEqual(readFileSync(file), before);
  });

  it("throws what the file system says", (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(path.join(folder, "file"), "");
    assert.throws(() => openDatabase(path.join(folder, "file", "streams.db"), NOW), /EEXIST|ENOTDIR/);
    mkdirSync(path.join(folder, "streams.db"));
    assert.throws(() => openDatabase(path.join(folder, "streams.db"), NOW), { code: "SQLITE_CANTOPEN" });
  });
});

describe("migrate", () => {
  const steps = [
    "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 2",
  ];

  it("runs only the steps that are missing", () => {
    const db = new BetterSqlite(":memory:");
    migrate(db, steps.slice(0, 1));
    migrate(db, steps);
    migrate(db, steps);
    assert.deepEqual(db.prepare("SELECT * FROM a").all(), [{ x: 1, y: 2 }]);
    assert.equal(schemaVersion(db), 2);
  });

  it("leaves the last good version when a step fails", () => {
    const db = new BetterSqlite(":memory:");
    assert.throws(() => migrate(db, [...steps, "CREATE TABLE b (x); SELECT nonsense"]), /nonsense/);
    assert.equal(schemaVersion(db), 2);
    assert.equal(db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'b'").pluck().get(), 0);
  });
});
