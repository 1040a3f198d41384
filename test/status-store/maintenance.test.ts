import assert from "node:assert/strict";
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
