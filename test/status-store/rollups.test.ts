import assert from "node:assert/strict";
import { describe, it } from "node:test";
import BetterSqlite, { type Database } from "better-sqlite3";
import { type OpenRollups, SNAPSHOT_STRIDE } from "../../nodes/status-store/open-rollups";
import { Recorder } from "../../nodes/status-store/recorder";
import {
  addCheck,
  COLUMNS,
  DAY_MS,
  emptyRollup,
  FIELDS,
  fromColumns,
  HOUR_MS,
  percentile,
  toColumns,
} from "../../nodes/status-store/rollup";
import { migrate } from "../../nodes/status-store/schema";
import { check, flat, stateOf, transition } from "./support";

const T = Date.UTC(2026, 2, 28, 22, 0, 0);

function database(): Database {
  const db = new BetterSqlite(":memory:");
  migrate(db);
  return db;
}

function recorder(db: Database): Recorder {
  const made = new Recorder(db);
  made.apply({
    kind: "streams",
    streams: [{ name: "a", url: "rtsp://h/a" }],
    renames: [],
    strict: false,
    at: T,
  });
  return made;
}

/** hour from T → [up, degraded, down, ok, ms up, degraded, down], of tables and memory. */
function sums(db: Database, rollups: OpenRollups, now: number): Record<number, number[]> {
  const found: Record<number, number[]> = {};
  const add = (hour: number, values: ArrayLike<number>) => {
    const sum = (found[hour - T / HOUR_MS] ??= new Array<number>(7).fill(0));
    for (let field = 0; field < 7; field++) sum[field]! += values[field]!;
  };
  for (const row of db.prepare(`SELECT hour, ${COLUMNS} FROM rollups`).raw().all() as number[][]) {
    add(row[0]!, fromColumns(row, 1));
  }
  const open = rollups.snapshot(now);
  for (let offset = 0; offset < open.length; offset += SNAPSHOT_STRIDE) {
    add(open[offset + 1]!, open.subarray(offset + 2));
  }
  return found;
}

const HOUR = HOUR_MS;

describe("rollups", () => {
  it("count checks and time by state and hour, over a change of the clock to summer time", () => {
    const db = database();
    const one = recorder(db);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 60_000 })] });
    for (let at = T; at < T + 3 * HOUR; at += HOUR / 2)
      one.apply({ kind: "checks", flat: flat(check("a", { at })) });
    one.apply({ kind: "transition", transition: transition("a", { at: T + 1.5 * HOUR }) });
    const down = { state: "down", reason: "timeout", latencyMs: null } as const;
    one.apply({ kind: "checks", flat: flat(check("a", { ...down, at: T + 2 * HOUR + 1 })) });
    const expected = {
      0: [2, 0, 0, 2, HOUR - 60_000, 0, 0],
      1: [2, 0, 0, 2, HOUR / 2, 0, HOUR / 2],
      2: [2, 0, 1, 2, 0, 0, HOUR / 4],
    };
    assert.deepEqual(sums(db, one.rollups, T + 2.25 * HOUR), expected);
    one.rollups.flush(0, 10, T + 2.25 * HOUR);
    assert.deepEqual(sums(db, one.rollups, T + 2.25 * HOUR), expected);
    const daily = db.prepare(`SELECT sum(up), sum(up_ms), count(*) FROM daily_rollups`).raw().get();
    assert.deepEqual(daily, [6, 1.5 * HOUR - 60_000, 2]);
  });

  it("are the same after a crash at any moment, flushed or not", () => {
    const db = database();
    let one = recorder(db);
    const steps: (() => void)[] = [
      () => one.apply({ kind: "states", states: [stateOf("a", { since: T + 10 })] }),
      () => one.apply({ kind: "checks", flat: flat(check("a", { at: T + 20 }), check("a", { at: T + 30 })) }),
      () => one.rollups.flush(0, 10, T + 1000),
      () => one.apply({ kind: "transition", transition: transition("a", { at: T + 2000 }) }),
      () => one.apply({ kind: "checks", flat: flat(check("a", { at: T + HOUR + 5 })) }),
      () => one.rollups.flush(0, 10, T + HOUR + 10),
      () => one.apply({ kind: "checks", flat: flat(check("a", { at: T + HOUR + 40 })) }),
    ];
    for (const step of steps) {
      db.transaction(step)();
      one = new Recorder(db);
    }
    assert.deepEqual(sums(db, one.rollups, T + 2 * HOUR), {
      0: [2, 0, 0, 2, 1990, 0, HOUR - 2000],
      1: [2, 0, 0, 2, 0, 0, HOUR],
    });
  });

  it("take back time that was counted for a state that had ended before", () => {
    const db = database();
    const one = recorder(db);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 1 })] });
    one.rollups.flush(0, 10, T + 60_000);
    one.apply({ kind: "transition", transition: transition("a", { at: T + 50_000 }) });
    const expected = { 0: [0, 0, 0, 0, 49_999, 0, 50_000] };
    assert.deepEqual(sums(db, one.rollups, T + 100_000), expected);
    assert.deepEqual(sums(db, new Recorder(db).rollups, T + 100_000), expected, "after a crash too");
  });

  it("count the time in which nobody watched as unknown, and leave an incident open over it", () => {
    const db = database();
    const one = recorder(db);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 1 })] });
    one.apply({ kind: "transition", transition: transition("a", { at: T + 1000 }) });
    const restarted = new Recorder(db);
    restarted.interrupt(T + 2000, T + 10_000);
    // the probe tells since when the stream is down: that it was down in between nobody knows
    const down = stateOf("a", { state: "down", reason: "timeout", since: T + 1000 });
    restarted.apply({ kind: "states", states: [down] });
    assert.deepEqual(
      db.prepare(`SELECT start - ${T}, "end" - ${T}, state, since - ${T} FROM spans`).raw().all(),
      [
        [0, 1, 3, 0],
        [1, 1000, 0, 1],
        [1000, 2000, 2, 1000],
        [2000, 10_000, 5, 2000],
        [10_000, null, 2, 1000],
      ],
    );
    assert.deepEqual(db.prepare(`SELECT start - ${T}, "end" FROM incidents`).raw().all(), [[1000, null]]);
    assert.equal(restarted.allSeeds()[0]?.confirmed?.since, T + 1000);
    assert.deepEqual(sums(db, restarted.rollups, T + 12_000), {
      0: [0, 0, 0, 0, 999, 0, 3000],
    });
  });

  it("go on after a sleep of the machine as before it", () => {
    const db = database();
    const one = recorder(db);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 1 })] });
    one.bridge(T + 1000, T + HOUR);
    assert.deepEqual(sums(db, one.rollups, T + HOUR + 500), {
      0: [0, 0, 0, 0, 999, 0, 0],
      1: [0, 0, 0, 0, 500, 0, 0],
    });
  });

  it("take no room for the years in which nobody watched", () => {
    const db = database();
    const one = recorder(db);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 1 })] });
    // switched on again after a while, and a clock that began in 1970 and was put right
    one.interrupt(T + 1000, T + 400 * DAY_MS);
    const paused = stateOf("a", { state: "paused", reason: null, level: null, since: T + 400 * DAY_MS });
    one.apply({ kind: "states", states: [paused] });
    one.bridge(T + 401 * DAY_MS, T + 20_000 * DAY_MS);
    one.apply({ kind: "states", states: [stateOf("a", { since: T + 20_000 * DAY_MS })] });
    // and time that no clock can have passed in one state is none either
    one.apply({ kind: "transition", transition: transition("a", { at: T + 60_000 * DAY_MS }) });
    assert.deepEqual(sums(db, one.rollups, T + 60_000 * DAY_MS), { 0: [0, 0, 0, 0, 999, 0, 0] });
    one.rollups.flush(0, 10, T + 60_000 * DAY_MS);
    assert.equal(db.prepare("SELECT count(*) FROM rollups").pluck().get(), 1);
    assert.equal(new Recorder(db).rollups.snapshot(T + 60_000 * DAY_MS).length, 0);
  });

  it("keep latencies so that percentiles come out within a bucket", () => {
    const rollup = emptyRollup();
    assert.equal(percentile(rollup, 0.5), undefined);
    for (let latency = 1; latency <= 1000; latency++) addCheck(rollup, 0, 1, latency);
    addCheck(rollup, 2, 0, null);
    addCheck(rollup, 0, 1, 60_000);
    const stored = fromColumns(toColumns(rollup));
    assert.deepEqual(stored, rollup);
    assert.equal(stored[FIELDS.latencyMin], 1);
    assert.equal(stored[FIELDS.latencyMax], 60_000);
    assert.equal(percentile(stored, 0.5), 501);
    assert.equal(percentile(stored, 0.95), 951);
    assert.equal(percentile(stored, 0.99), 991);
    assert.equal(percentile(stored, 1), 60_000);
  });
});
