import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { HOUR_MS } from "../../nodes/status-store/rollup";
import { temporaryFolder } from "../support/temporary-folder";
import { rows, WriterHarness } from "./support";

const NAMES = ["a", "b", "c"];
const STREAMS = NAMES.map((name) => ({ name, url: `rtsp://192.0.2.1/${name}` }));

function harness(context: TestContext): WriterHarness {
  const one = new WriterHarness(path.join(temporaryFolder(context), "streams.db"));
  context.after(() => one.writer.stop());
  return one;
}

function recordHours(one: WriterHarness, hours: number, everyMs = 60_000): number {
  let recorded = 0;
  for (let passed = 0; passed < hours * HOUR_MS; passed += everyMs) {
    const at = one.clock.now();
    const flat = NAMES.flatMap((name) => [name, at, "up", "ok", "RTSP 200", 12]);
    one.writer.receive({ kind: "checks", flat });
    one.clock.pass(everyMs);
    recorded += NAMES.length;
  }
  return recorded;
}

const count = (file: string, table: string) =>
  (rows(file, `SELECT count(*) AS count FROM ${table}`)[0] as { count: number }).count;

/** Every check stands once in the sums of the hours and of the days. */
function assertSummed(one: WriterHarness, recorded: number): void {
  for (const table of ["rollups", "daily_rollups"]) {
    const [sum] = rows(one.file, `SELECT sum(up) AS n FROM ${table}`) as { n: number }[];
    assert.equal(sum!.n, recorded, table);
  }
}

describe("work in the background", () => {
  it("regroups checks each hour, and every check is in one place", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(...STREAMS);
    const recorded = recordHours(one, 3);
    assert.equal(count(one.file, "all_checks"), recorded);
    assert.ok(count(one.file, "checks") > recorded / 2);
    assert.ok(count(one.file, "recent") < recorded / 2);
    const [sum] = rows(one.file, "SELECT sum(up) AS n FROM rollups") as { n: number }[];
    assert.ok(sum!.n >= count(one.file, "checks"));
    assert.ok(one.stats.maintenance!.regroupedAt! > 0);
  });

  it("loses and doubles nothing when it is killed in any slice of the regrouping", (context) => {
    let one = harness(context);
    one.writer.start();
    one.watch(...STREAMS);
    let recorded = recordHours(one, 0.5);
    for (let kill = 0; kill < 12; kill++) {
      // the next hour begins, and the thread dies after some slices of its work
      one.opened!.db.prepare("UPDATE progress SET value = 1 WHERE key = 'rolled_hour'").run();
      one.clock.pass(10_000);
      for (let slice = 0; slice < kill; slice++) one.clock.pass(2);
      assert.equal(count(one.file, "all_checks"), recorded, `kill ${kill}`);
      one.opened!.db.close();
      const next = new WriterHarness(one.file);
      context.after(() => next.writer.stop());
      next.writer.start();
      next.watch(...STREAMS);
      one = next;
      recorded += recordHours(one, 0.1);
      assert.equal(count(one.file, "all_checks"), recorded);
    }
    const open = one.opened!.db.prepare("SELECT count(DISTINCT stream || '-' || at) FROM all_checks").pluck();
    assert.ok((open.get() as number) > 0);
  });

  it("waits while the disk has no room for it, and storing goes on meanwhile", (context) => {
    const one = harness(context);
    one.writer.start();
    one.watch(...STREAMS);
    // until some minutes before a full hour
    let recorded = recordHours(one, 1.2, 2000);
    const { db } = one.opened!;
    const pages = Number(db.pragma("page_count", { simple: true }));
    // room for the next checks, but not for a second copy of the hour
    db.pragma(`max_page_count = ${pages + 4}`);
    recorded += recordHours(one, 0.2, 60_000);
    assert.equal(one.stats.failure, null);
    const obstacle = `Work in the background on the database ${one.file} needs more room than there is on its disk: make room; it is tried again every minute.`;
    assert.equal(one.stats.maintenance!.obstacle, obstacle);
    assert.deepEqual(one.logger.texts(), [obstacle], "said once");
    assert.equal(count(one.file, "all_checks"), recorded);
    db.pragma("max_page_count = 1000000");
    recorded += recordHours(one, 1, 60_000);
    assert.equal(one.stats.maintenance!.obstacle, null);
    assert.equal(count(one.file, "all_checks"), recorded);
    assert.ok(count(one.file, "checks") > recorded / 2);
    one.clock.pass(HOUR_MS);
    assertSummed(one, recorded);
  });

  it("counts nothing twice when a commit fails in the middle of the hourly work", (context) => {
    // so many that their sums are put into the tables in several slices
    const names = Array.from({ length: 250 }, (_, index) => `Camera ${index}`);
    for (const slice of [1, 2, 3]) {
      const one = harness(context);
      one.writer.start();
      one.watch(...names.map((name, index) => ({ name, url: `rtsp://192.0.2.1/${index}` })));
      const record = () => {
        const flat = names.flatMap((name) => [name, one.clock.now(), "up", "ok", "RTSP 200", 12]);
        one.writer.receive({ kind: "checks", flat });
      };
      for (let turn = 0; turn < 4; turn++) {
        record();
        one.clock.pass(1000);
      }
      one.opened!.db.prepare("UPDATE progress SET value = 1 WHERE key = 'rolled_hour'").run();
      const flushes = one.opened!.db.prepare("SELECT value FROM progress WHERE key = 'flushes'").pluck();
      while ((flushes.get() as number) < slice) one.clock.pass(one.clock.nextMs!);
      // a time that is no whole number cannot be stored: all copies are made anew
      one.writer.receive({ kind: "checks", flat: ["Camera 1", 0.5, "up", "ok", "RTSP 200", 12] });
      record();
      // with these there are enough of them to be written at once
      record();
      assert.equal(one.stats.dropped, 1);
      one.clock.pass(2 * HOUR_MS);
      assertSummed(one, 6 * names.length);
    }
  });

  it("follows a change of the settings, a few rows at a time, and gives the disk its room back", (context) => {
    const one = harness(context);
    one.writer.start();
    const keep = (checks_days: number) =>
      one.writer.receive({
        ...{ kind: "streams", streams: STREAMS, renames: [], strict: false, at: one.clock.now() },
        retention: { checks_days, rollup_days: 400 },
      });
    keep(30);
    one.clock.pass(1000);
    const { db } = one.opened!;
    const [old, young] = [one.clock.now() - 10 * 24 * HOUR_MS, one.clock.now()];
    db.exec(`INSERT INTO messages VALUES (9, 'x');
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700000)
      INSERT INTO checks SELECT 1 + i % 3, CASE WHEN i % 10 = 0 THEN ${young} ELSE ${old} END + i, 0, 0, 9, 1, 1 FROM n`);
    const pages = () => Number(db.pragma("page_count", { simple: true }));
    const left = db.prepare("SELECT count(*) FROM checks").pluck();
    const before = pages();
    one.clock.pass(7 * HOUR_MS);
    assert.equal(left.get(), 700_000);
    assert.deepEqual(one.stats.maintenance!.retention, { checks_days: 30, rollup_days: 400 });
    keep(7);
    const changed = one.clock.now();
    let most = 0;
    for (let rows = 700_000; rows > 70_000;) {
      one.clock.pass(one.clock.nextMs!);
      const now = left.get() as number;
      most = Math.max(most, rows - now);
      rows = now;
    }
    assert.ok(most <= 4000, `${most} rows in one slice`);
    assert.ok(one.clock.now() - changed < 30_000, "soon, not when the next round is due");
    one.clock.pass(60_000);
    assert.equal(left.get(), 70_000);
    assert.deepEqual(one.stats.maintenance!.retention, { checks_days: 7, rollup_days: 400 });
    assert.ok(one.stats.maintenance!.retainedAt! > young);
    // a reserve of free pages stays
    const free = Number(db.pragma("freelist_count", { simple: true }));
    assert.ok(pages() < before && free <= 2000, `${before} pages before, ${pages()} after, ${free} free`);
    db.pragma("wal_checkpoint(TRUNCATE)");
    assert.equal(statSync(one.file).size, pages() * Number(db.pragma("page_size", { simple: true })));
  });

  it("deletes what is older than the settings say, and gives the room back", (context) => {
    const one = harness(context);
    one.writer.start();
    const retention = { checks_days: 1, rollup_days: 2 };
    const at = one.clock.now();
    one.writer.receive({ kind: "streams", streams: STREAMS, renames: [], strict: false, at, retention });
    one.clock.pass(10);
    one.writer.receive({
      kind: "transition",
      transition: {
        ...{ stream: "a", from: "up", to: "down", reason: "timeout", at: at + 20, seq: 1 },
        ...{ previousDurationMs: 1, level: "media" },
      },
    });
    recordHours(one, 96, 600_000);
    const hoursOf = (table: string, column: string, unit: number) =>
      (one.clock.now() -
        Number((rows(one.file, `SELECT min(${column}) AS m FROM ${table}`)[0] as { m: number }).m) * unit) /
      HOUR_MS;
    // retention comes round every six hours
    assert.ok(hoursOf("checks", "at", 1) <= 24 + 8, String(hoursOf("checks", "at", 1)));
    assert.ok(hoursOf("rollups", "hour", HOUR_MS) <= 48 + 8);
    assert.equal(count(one.file, "incidents"), 1);
    assert.equal(count(one.file, "transitions"), 0);
    assert.ok(one.stats.maintenance!.retainedAt! > at);
    assert.equal(count(one.file, "streams"), 3);
  });
});
