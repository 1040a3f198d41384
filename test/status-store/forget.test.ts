import assert from "node:assert/strict";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { HOUR_MS } from "../../nodes/status-store/rollup";
import { temporaryFolder } from "../support/temporary-folder";
import { check, flat, rows, transition, WriterHarness } from "./support";

const NAMES = ["gone", "again", "other"];
const TABLES = [
  ...["recent", "checks", "rollups", "daily_rollups", "rolled", "spans", "transitions", "incidents"],
];
const streams = (...names: string[]) =>
  names.map((name) => ({ name, url: `rtsp://192.0.2.1/${NAMES.indexOf(name)}` }));

function harness(context: TestContext, file = path.join(temporaryFolder(context), "streams.db")) {
  const one = new WriterHarness(file);
  context.after(() => one.writer.stop());
  one.writer.start();
  return one;
}

/** Checks of all streams each minute, and each half hour a trouble of a minute. */
function record(one: WriterHarness, minutes: number, names = NAMES): void {
  for (let minute = 0; minute < minutes; minute++) {
    const at = one.clock.now();
    one.writer.receive({ kind: "checks", flat: flat(...names.map((name) => check(name, { at }))) });
    const isChange = minute % 30 < 2;
    for (const name of isChange ? names : []) {
      const [from, to] = minute % 30 === 0 ? (["up", "down"] as const) : (["down", "up"] as const);
      const reason = to === "up" ? "ok" : "timeout";
      one.writer.receive({ kind: "transition", transition: transition(name, { from, to, reason, at }) });
    }
    one.clock.pass(60_000);
  }
}

function recordQuietly(one: WriterHarness, minutes: number): void {
  for (let minute = 0; minute < minutes; minute++) {
    one.writer.receive({ kind: "checks", flat: flat(check("again", { at: one.clock.now() })) });
    one.clock.pass(60_000);
  }
}

const count = (file: string, sql: string) =>
  (rows(file, `SELECT count(*) AS count FROM ${sql}`)[0] as { count: number }).count;
/** Everything of a stream, as text that can be compared. */
const allOf = (file: string, stream: number) =>
  ["all_checks", "spans", "transitions", "incidents"]
    .map((table) => JSON.stringify(rows(file, `SELECT * FROM ${table} WHERE stream = ${stream}`)))
    .join("\n");

/** All slices of the work, and a while for what waits. */
function finish(one: WriterHarness): void {
  one.clock.pass(10_000);
  for (let slice = 0; slice < 60; slice++) one.clock.pass(2);
  assert.equal(count(one.file, "forgotten"), 0);
}

function assertForgotten(one: WriterHarness, from: number): void {
  const { file } = one;
  for (const table of TABLES) assert.equal(count(file, `${table} WHERE stream = 1`), 0, table);
  assert.equal(count(file, "streams WHERE id = 1"), 0);
  assert.equal(count(file, `all_checks WHERE stream = 2 AND at < ${from}`), 0);
  assert.equal(count(file, `spans WHERE stream = 2 AND start < ${from}`), 0);
  assert.equal(count(file, `spans WHERE stream = 2 AND "end" IS NULL`), 1);
  for (const table of ["transitions", "incidents"]) {
    assert.equal(count(file, `${table} WHERE stream = 2`), 0, table);
  }
}

describe("forget", () => {
  it("deletes a stream and all its history, and of a watched one what was until then", (context) => {
    const one = harness(context);
    one.watch(...streams(...NAMES));
    record(one, 150);
    const before = allOf(one.file, 3);
    const from = one.clock.now();
    assert.ok(count(one.file, "incidents WHERE stream = 2") > 3);
    one.watch(...streams("again", "other"));
    one.writer.receive({ kind: "forget", names: ["gone", "again", "never"], at: from });
    // one that was on its way belongs to nobody
    one.writer.receive({ kind: "checks", flat: flat(check("gone")) });
    one.clock.pass(500);
    recordQuietly(one, 10);
    finish(one);
    assertForgotten(one, from);
    assert.equal(count(one.file, "all_checks WHERE stream = 2"), 10);
    assert.equal(allOf(one.file, 3), before);
  });

  it("counts a watched one anew from then on, also after a crash", (context) => {
    const one = harness(context);
    one.watch(...streams("again"));
    record(one, 150, ["again"]);
    const at = one.clock.now();
    one.writer.receive({ kind: "forget", names: ["again"], at });
    record(one, 5, ["again"]);
    one.opened!.db.close();
    const next = harness(context, one.file);
    next.clock.pass(one.clock.now() - next.clock.now() + 2 * HOUR_MS);
    const [sums] = rows(
      one.file,
      "SELECT sum(up + down) AS checks, sum(up_ms + down_ms) AS ms FROM rollups",
    ) as {
      checks: number;
      ms: number;
    }[];
    assert.equal(sums!.checks, 5);
    const hours = Math.floor(next.clock.now() / HOUR_MS) * HOUR_MS;
    assert.ok(sums!.ms <= hours - at + HOUR_MS && sums!.ms >= hours - at - HOUR_MS, String(sums!.ms));
    assert.deepEqual(rows(one.file, "SELECT min(start) AS start FROM spans"), [{ start: at }]);
  });

  it("goes on after a kill in any slice", (context) => {
    for (let kill = 0; kill < 14; kill++) {
      const one = harness(context);
      one.watch(...streams(...NAMES));
      record(one, 70);
      const before = allOf(one.file, 3);
      const from = one.clock.now();
      one.watch(...streams("again", "other"));
      one.writer.receive({ kind: "forget", names: ["gone", "again"], at: from });
      one.clock.pass(10_000);
      for (let slice = 0; slice < kill; slice++) one.clock.pass(2);
      one.opened!.db.close();
      const next = harness(context, one.file);
      next.clock.pass(one.clock.now() - next.clock.now());
      next.watch(...streams("again", "other"));
      finish(next);
      // the sums that were in memory were counted again, without what was forgotten
      next.clock.pass(HOUR_MS);
      assertForgotten(next, from);
      assert.ok(allOf(next.file, 3).includes(before.split("\n")[0]!.slice(0, -1)), `kill ${kill}`);
    }
  });

  it("gives neither an id nor a row's number again", (context) => {
    const one = harness(context);
    one.watch(...streams("other"));
    record(one, 70, ["other"]);
    const last = () =>
      (rows(one.file, "SELECT max(row) AS row FROM rolled")[0] as { row: number | null }).row;
    assert.ok(last()! > 10);
    one.watch();
    one.writer.receive({ kind: "forget", names: ["other"], at: one.clock.now() });
    finish(one);
    assert.equal(count(one.file, "recent"), 0);
    one.watch(...streams("other"));
    record(one, 1, ["other"]);
    assert.deepEqual(rows(one.file, "SELECT id FROM streams"), [{ id: 2 }]);
    assert.deepEqual(rows(one.file, "SELECT row > 60 AS is_new FROM recent"), [{ is_new: 1 }]);
  });

  it("holds no commit for long when there is much to forget", (context) => {
    const one = harness(context);
    one.watch(...streams("gone", "other"));
    one.opened!.db.exec(
      `INSERT INTO messages VALUES (99, 'x');
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
       INSERT INTO checks SELECT 1, i, 0, 0, 99, 1, 1 FROM n;
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO recent SELECT i, 1 + i % 2, i, 0, 0, 99, 1, 1 FROM n`,
    );
    one.watch(...streams("other"));
    one.writer.receive({ kind: "forget", names: ["gone"], at: one.clock.now() });
    const all = one.opened!.db.prepare("SELECT count(*) FROM all_checks WHERE stream = 1").pluck();
    let slices = 0;
    for (let left = all.get() as number; left > 0;) {
      one.clock.pass(one.clock.nextMs!);
      const now = all.get() as number;
      assert.ok(left - now <= 5000, `${left - now} rows in one slice`);
      if (now < left) slices++;
      left = now;
    }
    assert.ok(slices > 20);
    assert.equal(count(one.file, "recent"), 10_000);
  });
});
