import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import { temporaryFolder } from "../support/temporary-folder";
import { check, flat, NOW, rows, stateOf, transition, WriterHarness } from "./support";

const A = { name: "a", url: "rtsp://192.0.2.1/a" };

function harness(context: TestContext, mostQueued?: number): WriterHarness {
  const one = new WriterHarness(path.join(temporaryFolder(context), "streams.db"), mostQueued);
  context.after(() => one.writer.stop());
  return one;
}

const batch = (count: number, from = 0) =>
  ({
    kind: "checks",
    flat: flat(...Array.from({ length: count }, (_, index) => check("a", { at: NOW + from + index }))),
  }) as const;
const countOf = (file: string) =>
  (rows(file, "SELECT count(*) AS count FROM recent")[0] as { count: number }).count;

describe("StoreWriter", () => {
  it("commits checks after half a second or 500 of them, and a transition at once", (context) => {
    const { writer, clock, file, ...one } = harness(context);
    writer.start();
    writer.receive({ kind: "streams", streams: [A], renames: [], strict: false, at: NOW });
    clock.pass(10);
    writer.receive(batch(1));
    clock.pass(499);
    assert.equal(countOf(file), 0);
    clock.pass(1);
    assert.equal(countOf(file), 1);
    writer.receive(batch(499, 1));
    assert.equal(countOf(file), 1);
    writer.receive(batch(1, 500));
    assert.equal(countOf(file), 501);
    writer.receive(batch(1, 501));
    writer.receive({ kind: "transition", transition: transition("a") });
    clock.pass(10);
    assert.equal(rows(file, "SELECT * FROM transitions").length, 1);
    assert.equal(countOf(file), 502);
    assert.deepEqual(one.logger.lines, []);
  });

  it("commits what waits when it stops, and closes the file", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    one.writer.receive(batch(3));
    one.writer.stop();
    assert.equal(existsSync(`${one.file}-wal`), false);
    assert.equal(countOf(one.file), 3);
  });

  it("gives what it knows at the start, and again when a stream comes back", (context) => {
    const first = harness(context);
    first.writer.start();
    assert.deepEqual(first.seeds, [{ kind: "seeds", opened: true, seeds: [], lastSeq: 0 }]);
    first.watch(A);
    first.writer.receive(batch(1));
    first.writer.receive({ kind: "transition", transition: transition("a", { seq: 9 }) });
    first.writer.stop();

    const second = new WriterHarness(first.file);
    second.writer.start();
    const last = { at: NOW, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 12 } as const;
    const confirmed = { state: "down", reason: "timeout", level: "handshake" } as const;
    const place = { id: 1, origin: "rtsp://192.0.2.1", protocol: "rtsp", media: null } as const;
    const since = (second.seeds[0]?.seeds[0]?.confirmed?.since ?? 0) - NOW;
    assert.ok(since >= 0 && since <= 20);
    assert.deepEqual(second.seeds[0], {
      ...{ kind: "seeds", opened: true, lastSeq: 9 },
      seeds: [{ name: "a", ...place, confirmed: { ...confirmed, since: NOW + since }, last }],
    });
    second.watch();
    second.watch(A);
    assert.deepEqual(second.seeds[1], {
      ...{ kind: "seeds", opened: false, lastSeq: 9 },
      seeds: [{ name: "a", ...place, confirmed: null, last }],
    });
    second.writer.stop();
  });

  it("stores what is said to lie in the far future as of an hour ahead, and goes on", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    const never = Number.MAX_SAFE_INTEGER;
    one.writer.receive({ kind: "states", states: [stateOf("a")] });
    one.writer.receive({
      kind: "states",
      states: [stateOf("a", { since: never, state: "degraded", reason: "stale" })],
    });
    one.writer.receive({ kind: "transition", transition: transition("a", { at: never }) });
    one.writer.receive({ kind: "checks", flat: flat(check("a", { at: never })) });
    one.clock.pass(500);
    const latest = { at: NOW + 20 + 3_600_000 };
    assert.deepEqual(rows(one.file, "SELECT at FROM transitions"), [latest]);
    one.clock.pass(2 * 3_600_000);
    one.writer.receive(batch(1, 7_200_000));
    one.clock.pass(500);
    assert.equal(one.stats.checksStored, 2);
    assert.deepEqual(one.logger.lines, []);
    assert.ok(rows(one.file, "SELECT * FROM rollups").length <= 3);
  });

  it("writes the rest when one thing cannot be stored, and says so", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    one.writer.receive(batch(2));
    one.writer.receive({ kind: "checks", flat: flat(check("a", { at: 0.5 })) });
    one.writer.receive(batch(3, 2));
    one.clock.pass(500);
    assert.equal(countOf(one.file), 5);
    assert.equal(one.stats.dropped, 1);
    assert.equal(one.stats.checksStored, 5);
    assert.equal(one.logger.lines[0]?.level, "error");
    assert.match(
      one.logger.lines[0].text,
      /^a message of the kind "checks" cannot be stored and was left out/,
    );
  });
});

describe("StoreWriter: faults", () => {
  it("waits while the disk is full, drops the oldest beyond its bound, and goes on by itself", (context) => {
    const one = harness(context, 50);
    one.writer.start();
    one.watch(A);
    const { db } = one.opened!;
    // SQLite says the same as of a full disk
    const limitPages = (pages: number) => db.pragma(`max_page_count = ${pages}`);
    limitPages(1);
    const full = batch(40).flat.map((value, index) =>
      index % 6 === 4 ? `message ${index} ${"x".repeat(450)}` : value,
    );
    one.writer.receive({ kind: "checks", flat: full });
    one.clock.pass(500);
    const sentence =
      `The disk of the database ${one.file} is full: make room on it. ` +
      "The live status goes on; checks wait in memory and writing is tried again.";
    assert.equal(one.stats.failure, sentence);
    assert.equal(one.stats.queued, 40);
    assert.deepEqual(one.logger.lines, [{ level: "error", text: sentence }]);

    one.openFault = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    one.writer.receive(batch(30));
    one.writer.receive({ kind: "transition", transition: transition("a") });
    one.clock.pass(30_000);
    assert.equal(one.stats.queued, 30);
    assert.equal(one.stats.dropped, 40);
    assert.deepEqual(
      one.logger.lines,
      [{ level: "error", text: sentence }],
      "said once and not at every try",
    );

    one.openFault = undefined;
    one.clock.pass(10_000);
    assert.equal(one.stats.failure, null);
    assert.equal(one.stats.queued, 0);
    assert.equal(countOf(one.file), 30);
    assert.equal(rows(one.file, "SELECT * FROM transitions").length, 1);
    assert.deepEqual(one.logger.lines.at(-1), {
      level: "info",
      text: `the database ${one.file} is written again`,
    });
  });

  it("waits for another program's lock", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    const other = new BetterSqlite(one.file);
    other.exec("BEGIN IMMEDIATE");
    one.writer.receive(batch(2));
    one.clock.pass(500);
    assert.match(one.stats.failure ?? "", /is locked by another program: close it\./);
    // whoever asks for the newest sums hears at once that there are none
    one.writer.sendOpenRollups();
    assert.deepEqual(one.sent.at(-1), { kind: "open-rollups", entries: null, flushes: 0 });
    other.exec("COMMIT");
    other.close();
    one.clock.pass(1000);
    assert.equal(one.stats.failure, null);
    assert.equal(countOf(one.file), 2);
  });

  it("starts without a database where none can be made, and takes it when it can", (context) => {
    const folder = temporaryFolder(context);
    const inTheWay = path.join(folder, "data");
    writeFileSync(inTheWay, "a file where the folder should be");
    const one = new WriterHarness(path.join(inTheWay, "streams.db"));
    context.after(() => one.writer.stop());
    one.writer.start();
    assert.deepEqual(one.seeds, [{ kind: "seeds", opened: true, seeds: [], lastSeq: 0 }]);
    assert.match(
      one.stats.failure ?? "",
      /cannot be opened for writing \(E[A-Z]+\): check that .+ is a folder that the user of Node-RED may write to\./,
    );
    one.watch(A);
    one.writer.receive({ kind: "states", states: [stateOf("a")] });
    one.writer.receive(batch(5));
    rmSync(inTheWay);
    one.clock.pass(20_000);
    assert.equal(one.stats.failure, null);
    assert.equal(countOf(one.file), 5);
    assert.equal(rows(one.file, "SELECT * FROM spans").length, 2);
  });

  it("leaves a newer database alone and says so", (context) => {
    const first = harness(context);
    first.writer.start();
    first.writer.stop();
    const newer = new BetterSqlite(first.file);
    newer.exec("UPDATE meta SET value = '7' WHERE key = 'schema_version'");
    newer.close();
    const before = readFileSync(first.file);
    const one = new WriterHarness(first.file);
    one.writer.start();
    one.watch(A);
    one.writer.receive(batch(1));
    one.clock.pass(60_000);
    one.writer.stop();
    assert.match(
      one.stats.failure ?? "",
      /was written by a newer StreamPulse \(schema 7; this one knows 3\) and is left as it is/,
    );
    assert.deepEqual(readFileSync(first.file), before);
  });

  it("moves a database aside that breaks while it is used, and begins anew with all streams", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    one.writer.receive(batch(400));
    one.clock.pass(500);
    one.opened!.db.pragma("wal_checkpoint(TRUNCATE)");
    const bytes = readFileSync(one.file);
    bytes.fill(0xff, 4096);
    writeFileSync(one.file, bytes);
    // a fresh connection sees the damage at its first read
    one.openFault = Object.assign(new Error("locked"), { code: "SQLITE_BUSY" });
    one.writer.receive({ kind: "checks", flat: flat(check("a", { message: "never seen before" })) });
    one.opened!.db.close();
    one.clock.pass(500);
    one.openFault = undefined;
    one.clock.pass(20_000);
    assert.equal(one.stats.failure, null);
    assert.equal(one.stats.notices.length, 1);
    assert.match(
      one.stats.notices[0]?.text ?? "",
      /was not a readable database and was moved to .+\.broken-2026-/,
    );
    assert.deepEqual(rows(one.file, "SELECT name FROM streams"), [{ name: "a" }]);
    assert.equal(countOf(one.file), 1);
  });

  it("begins anew when somebody removes the file", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    rmSync(one.file);
    one.writer.receive(batch(1));
    one.clock.pass(500);
    assert.match(one.stats.failure ?? "", /was removed while it was in use\./);
    one.writer.receive(batch(2));
    one.clock.pass(2000);
    assert.equal(one.stats.failure, null);
    assert.equal(countOf(one.file), 2);
  });
});

describe("StoreWriter: sizes", () => {
  it("keeps at most 30 bytes a check and writes at most 500 to the log", (context) => {
    const one = harness(context);
    const names = Array.from({ length: 1000 }, (_, index) => ({
      name: `Camera ${index}`,
      url: `rtsp://192.0.2.${index % 250}/${index}`,
    }));
    one.writer.start();
    one.watch(...names);
    const { db } = one.opened!;
    db.pragma("wal_checkpoint(TRUNCATE)");
    // the log then grows without being used again, so that its length is what was written
    db.pragma("wal_autocheckpoint = 0");
    const before = statSync(one.file).size;
    const checks = 50_000;
    for (let sent = 0; sent < checks; sent += 25) {
      const some = Array.from({ length: 25 }, (_, index) => {
        const { name } = names[(sent + index) % names.length]!;
        const isUp = (sent + index) % 10 !== 0;
        const seen = isUp ? {} : ({ state: "down", reason: "timeout", message: "timeout" } as const);
        return check(name, { at: NOW + sent * 20, latencyMs: (sent * 7) % 900, ...seen });
      });
      one.writer.receive({ kind: "checks", flat: flat(...some) });
      if (sent % 50 === 0) one.clock.pass(500);
    }
    one.clock.pass(500);
    const written = statSync(`${one.file}-wal`).size / checks;
    db.pragma("wal_checkpoint(TRUNCATE)");
    const kept = (statSync(one.file).size - before) / checks;
    assert.equal(countOf(one.file), checks);
    context.diagnostic(`${kept.toFixed(1)} bytes kept, ${written.toFixed(1)} bytes of log a check`);
    assert.ok(kept <= 30, `${kept} bytes kept a check`);
    assert.ok(written <= 500, `${written} bytes of log a check`);
  });

  it("keeps less still when checks are grouped by stream", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(A);
    const { db } = one.opened!;
    const insert = db.prepare("INSERT INTO checks VALUES (?, ?, 0, 0, 1, ?, 1)");
    const before = Number(db.pragma("page_count", { simple: true }));
    db.transaction(() => {
      for (let id = 1; id <= 100; id++) {
        for (let index = 0; index < 500; index++) insert.run(id, NOW + index * 20_000, index % 900);
      }
    })();
    const kept = ((Number(db.pragma("page_count", { simple: true })) - before) * 4096) / 50_000;
    context.diagnostic(`${kept.toFixed(1)} bytes kept a check`);
    assert.ok(kept <= 30, `${kept} bytes kept a check`);
  });
});
