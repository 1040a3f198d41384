import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmdirSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite, { type Database } from "better-sqlite3";
import { rows, WriterHarness } from "./support";
import { countsByName, harness, importAll, isDone, log, sample } from "./v22-databases";

const samples = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => sample(from + index));
const watched = (...names: string[]) => names.map((name) => ({ name, url: `rtsp://u:p@192.0.2.1/${name}` }));

function known(db: Database, ...names: string[]): void {
  const insert = db.prepare("INSERT INTO streams VALUES (?, ?)");
  for (const { name, url } of watched(...names)) insert.run(name, url);
}

/** Until the import has said that it begins. */
function begin(one: WriterHarness): void {
  for (let turn = 0; turn < 1000 && !one.logger.texts().some((line) => line.includes("importing")); turn++) {
    one.clock.pass(1);
  }
  assert.match(one.logger.texts().join("\n"), /importing the history/);
}

function finish(one: WriterHarness): void {
  for (let turn = 0; turn < 3000; turn++) one.clock.pass(20);
  assert.ok(isDone(one), one.logger.texts().join("\n"));
}

const allRows = ["all_checks", "rollups", "daily_rollups", "spans", "incidents", "transitions"];
function assertNothingOf(file: string, name: string): void {
  const [found] = rows(file, `SELECT count(*) AS count FROM streams WHERE name = '${name}'`);
  assert.deepEqual(found, { count: 0 }, name);
  for (const table of allRows) {
    const orphans = `SELECT count(*) AS count FROM ${table} WHERE stream NOT IN (SELECT id FROM streams)`;
    assert.deepEqual(rows(file, orphans), [{ count: 0 }], table);
  }
}

describe("streams that are forgotten while a v2.2 database is imported", () => {
  /** Tables of some slices each, one of which two streams shared. */
  const database = (context: TestContext) =>
    harness(context, (db) => {
      known(db, "a", "gone", "shared 1", "shared_1", "z");
      for (const table of ["log_a", "log_gone", "log_shared_1", "log_z"]) log(db, table, samples(3500));
    });
  const streams = watched("a", "gone", "shared 1", "shared_1", "z");
  const without = streams.filter(({ name }) => name !== "gone" && name !== "shared 1");

  it("do not come back, whenever that was: before it began, in the middle, after its end", (context) => {
    for (const slices of [0, 1, 4, 6, 9, 12, 40]) {
      const one = database(context);
      one.writer.start();
      if (slices > 0) {
        one.watch(...streams);
        begin(one);
        for (let slice = 1; slice < slices; slice++) one.clock.pass(one.clock.nextMs!);
      }
      const at = one.clock.now();
      one.writer.receive({ kind: "streams", streams: without, renames: [], strict: false, at });
      one.writer.receive({ kind: "forget", names: ["gone", "shared 1"], at });
      finish(one);
      assert.deepEqual(
        countsByName(one.file),
        { a: 3500, shared_1: 3500, z: 3500 },
        `after ${slices} slices`,
      );
      for (const name of ["gone", "shared 1"]) assertNothingOf(one.file, name);
      assert.deepEqual(rows(one.file, "SELECT * FROM forgotten_names"), []);
      assert.deepEqual(rows(one.file, "SELECT * FROM forgotten"), []);
      one.writer.stop();
    }
  });

  it("do not come back over a kill, nor what was of one that is watched", (context) => {
    const one = database(context);
    one.writer.start();
    one.watch(...streams);
    begin(one);
    const at = one.clock.now();
    one.writer.receive({ kind: "streams", streams: without, renames: [], strict: false, at });
    one.writer.receive({ kind: "forget", names: ["gone", "shared 1", "z"], at });
    one.clock.pass(10);
    one.opened!.db.close();
    const next = new WriterHarness(one.file);
    context.after(() => next.writer.stop());
    next.writer.start();
    // a new one of the old name gets nothing either
    next.watch(...without, ...watched("gone"));
    finish(next);
    assert.deepEqual(countsByName(next.file), { a: 3500, shared_1: 3500 });
    assertNothingOf(next.file, "shared 1");
    const spans = `SELECT count(*) AS count FROM spans JOIN streams ON id = stream WHERE name = 'z' AND start < ${at}`;
    assert.deepEqual(rows(next.file, spans), [{ count: 0 }]);
  });
});

describe("v2.2 databases that nobody would expect", () => {
  it("give their history to streams that have another name now and the same URL", (context) => {
    const one = harness(context, (db) => {
      known(db, "Gate", "Yard");
      for (const table of ["log_Gate", "log_Yard"]) log(db, table, samples(10));
    });
    const [gate, yard] = watched("Gate", "Yard");
    importAll(one, { ...gate!, name: "Front gate" }, yard!);
    assert.deepEqual(countsByName(one.file), { "Front gate": 10, Yard: 10 });
    assert.equal(rows(one.file, "SELECT * FROM streams").length, 2);
  });

  it("wait while they cannot be read, and come in when they can", (context) => {
    const source = harness(context, (db) => log(db, "log_a", samples(20)));
    const one = new WriterHarness(path.join(path.dirname(source.file), "new", "streams.db"));
    context.after(() => one.writer.stop());
    mkdirSync(path.join(path.dirname(one.file), "streams.v22.db"), { recursive: true });
    one.writer.start();
    one.watch(...watched("a"));
    one.clock.pass(300_000);
    const said = one.logger.texts();
    assert.equal(said.length, 1, "said once and not at every try");
    assert.match(said[0]!, /^streams\.v22\.db cannot be read \(SQLITE_[A-Z_]+\) and is not imported: let /);
    // the rest goes on
    one.writer.receive({ kind: "checks", flat: ["a", one.clock.now(), "up", "ok", "RTSP 200", 3] });
    one.clock.pass(500);
    assert.equal(one.stats.failure, null);
    assert.equal(one.stats.checksStored, 1);
    rmdirSync(path.join(path.dirname(one.file), "streams.v22.db"));
    copyFileSync(source.file, path.join(path.dirname(one.file), "streams.v22.db"));
    one.clock.pass(61_000);
    finish(one);
    assert.deepEqual(countsByName(one.file), { a: 20 });
  });

  it("wait for another program's lock, which holds up nothing else", (context) => {
    const one = harness(context, (db) => log(db, "log_a", samples(20)));
    one.writer.start();
    const other = new BetterSqlite(path.join(path.dirname(one.file), "streams.v22.db"));
    other.exec("BEGIN EXCLUSIVE");
    one.watch({ name: "a", url: "rtsp://192.0.2.1/a" });
    // SQLite's own wait goes by the real clock, which a loaded machine lets run: the shortest of several tries counts
    let shortestMs = Infinity;
    for (let tries = 1; tries <= 3; tries++) {
      const begun = performance.now();
      one.clock.pass(60_000);
      shortestMs = Math.min(shortestMs, performance.now() - begun);
      one.writer.receive({ kind: "checks", flat: ["a", one.clock.now(), "up", "ok", "RTSP 200", 3] });
      one.clock.pass(500);
      assert.equal(one.stats.checksStored, tries);
    }
    assert.ok(shortestMs < 3000, `${shortestMs} ms`);
    const said = one.logger.texts().filter((text) => text.includes("cannot be read (SQLITE_BUSY)"));
    assert.equal(said.length, 1);
    other.close();
    one.clock.pass(61_000);
    finish(one);
    assert.deepEqual(countsByName(one.file), { a: 20 });
  });

  it("bring in what is a log in them, and run nothing that they hold", (context) => {
    const one = harness(context, (db) => {
      // a view without an end, where the list of streams should be
      db.exec(`DROP TABLE streams; CREATE VIEW streams AS
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS name, i AS url FROM n`);
      db.exec(`CREATE VIEW log_view AS SELECT name AS ts, url AS status FROM streams`);
      db.exec("CREATE TABLE log_keyed (ts TEXT PRIMARY KEY, status TEXT) WITHOUT ROWID");
      db.exec("CREATE VIRTUAL TABLE log_fts USING fts5 (ts, status)");
      db.exec("CREATE TABLE log_made (x TEXT, status TEXT); INSERT INTO log_made VALUES ('no json', 'ok')");
      db.exec("ALTER TABLE log_made ADD COLUMN ts TEXT AS (json(x))");
      log(db, "log_good", [
        ...[sample(0), [sample(1)[0], "ok", 1e300, "x"], [sample(2)[0], "ok", -1, "y".repeat(5_000_000)]],
        ...[
          [sample(3)[0], "ok", "fast", null],
          [Buffer.alloc(9), "ok", 1, "z"],
          ["9999-12-31T23:59:59Z", "fail", 1, "w"],
        ],
        ["0001-01-01T00:00:00+00:00", "ok", 1, "before all time"],
      ]);
    });
    importAll(one);
    assert.deepEqual(countsByName(one.file), { good: 5 });
    assert.deepEqual(
      rows(
        one.file,
        "SELECT latency, length(text) AS text FROM checks JOIN messages ON id = message ORDER BY at",
      ),
      [
        { latency: 7, text: 8 },
        { latency: null, text: 1 },
        { latency: null, text: 500 },
        { latency: null, text: 0 },
        { latency: 1, text: 1 },
      ],
    );
    // eight thousand years in which nobody watched
    assert.equal(rows(one.file, "SELECT * FROM rollups").length, 2);
    assert.match(
      one.logger.texts().join("\n"),
      /all 5 checks that can be read are imported; 2 rows could not be read/,
    );
    assert.equal(one.stats.failure, null);
  });

  it("come in also where nobody counted their rows", (context) => {
    const one = harness(context, (db) => {
      db.exec(
        "CREATE TABLE log_Gate (id INTEGER PRIMARY KEY, ts TEXT, status TEXT, latency_ms INTEGER, message TEXT)",
      );
      const insert = db.prepare("INSERT INTO log_Gate (ts, status, latency_ms, message) VALUES (?, ?, ?, ?)");
      for (const second of [1, 2, 3]) insert.run(...sample(second));
    });
    importAll(one, { name: "Gate", url: "rtsp://192.0.2.1/" });
    assert.deepEqual(countsByName(one.file), { Gate: 3 });
  });

  it("keep streams apart that are named like SQL, formulas or paths", (context) => {
    const names = [
      `'); DROP TABLE streams; --`,
      `=HYPERLINK("http://x")`,
      "../../etc/passwd",
      "%00",
      "__proto__",
    ];
    const one = harness(context, (db) => {
      known(db, ...names);
      const tables = ["log_____DROP_TABLE_streams____", "log__HYPERLINK__http___x__", "log_______etc_passwd"];
      for (const table of [...tables, "log__00", "log___proto__"]) log(db, table, samples(3));
    });
    importAll(one, ...watched(...names));
    assert.deepEqual(countsByName(one.file), Object.fromEntries(names.sort().map((name) => [name, 3])));
  });
});
