import assert from "node:assert/strict";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import type { State } from "../../contracts";
import { answerBars } from "../../nodes/status-store/answer-bars";
import { STATE_CODES } from "../../nodes/status-store/codes";
import type { BarsQuestion } from "../../nodes/status-store/history";
import { HistoryData } from "../../nodes/status-store/history-data";
import { SNAPSHOT_STRIDE } from "../../nodes/status-store/open-rollups";
import { FIELDS, HOUR_MS } from "../../nodes/status-store/rollup";
import { migrate } from "../../nodes/status-store/schema";

/** The full hour after which the tests' spans begin. */
const BEGIN = Math.floor(Date.UTC(2026, 10, 22) / HOUR_MS) * HOUR_MS;
const MINUTE = 60_000;

interface Bars {
  from: number;
  to: number;
  bucketMs: number;
  streams: { name: string; bars: ([State, string | null] | null)[]; latency: (number | null)[] }[];
}

function database() {
  const db = new BetterSqlite(":memory:");
  migrate(db);
  db.exec("INSERT INTO reasons VALUES (1, 'timeout'), (2, 'auth_required')");
  return db;
}

/** Spans in minutes after BEGIN; one without an end goes on. */
function addStream(
  db: BetterSqlite.Database,
  id: number,
  spans: [from: number, to: number | null, State, reason: number | null][],
): void {
  db.prepare("INSERT INTO streams (id, name, url, protocol, created) VALUES (?, ?, '', 0, 0)").run(
    id,
    `s${id}`,
  );
  const insert = db.prepare("INSERT INTO spans VALUES (?, ?, ?, ?, ?, 0, 0)");
  for (const [from, to, state, reason] of spans) {
    const end = to === null ? null : BEGIN + to * MINUTE;
    insert.run(id, BEGIN + from * MINUTE, end, STATE_CODES[state], reason);
  }
}

function ask(db: BetterSqlite.Database, more: Partial<BarsQuestion>, open: Float64Array | null = null): Bars {
  const question = {
    kind: "bars",
    streams: ["s1"],
    hours: 2,
    buckets: 4,
    now: BEGIN + 115 * MINUTE,
    ...more,
  };
  const slices = answerBars(
    new HistoryData(db),
    question as BarsQuestion,
    open && { entries: open, flushes: 0 },
  );
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value as Bars;
  }
}

const UP = ["up", "ok"];
const DOWN = ["down", "timeout"];
const DEGRADED = ["degraded", "auth_required"];

describe("The query bars", () => {
  it("gives the worst state of each bucket, with the running one until now", () => {
    const db = database();
    addStream(db, 1, [
      [20, 45, "up", 0],
      [45, 46, "down", 1],
      [46, 60, "up", 0],
      [60, 70, "unknown", null],
      [70, null, "degraded", 2],
    ]);
    const { from, to, bucketMs, streams } = ask(db, {});
    assert.deepEqual([from, to, bucketMs], [BEGIN, BEGIN + 120 * MINUTE, 30 * MINUTE]);
    assert.deepEqual(streams[0]!.bars, [UP, DOWN, DEGRADED, DEGRADED]);
    // before the first span nothing is known, and after now neither
    const finer = ask(db, { buckets: 12, now: BEGIN + 85 * MINUTE }).streams[0]!.bars;
    const before = [null, null, null];
    const unknown = ["unknown", null];
    assert.deepEqual(finer, [...before, null, null, UP, UP, DOWN, UP, unknown, DEGRADED, DEGRADED]);
  });

  it("takes a span that began long before the range, and one that ended in it", () => {
    const db = database();
    addStream(db, 1, [
      [-9000, -5000, "down", 1],
      [-5000, null, "up", 0],
    ]);
    addStream(db, 2, [
      [-9000, -100, "down", 1],
      [-100, 31, "paused", null],
    ]);
    const { streams } = ask(db, { streams: ["s1", "s2", "s3"] });
    assert.deepEqual(
      streams.map(({ bars }) => bars),
      [
        [UP, UP, UP, UP],
        [["paused", null], ["paused", null], null, null],
      ],
    );
  });

  it("counts what is seen above what is not: down, degraded, up, paused, pending, unknown", () => {
    const db = database();
    const order = ["unknown", "pending", "paused", "up", "degraded", "down"] as const;
    order.forEach((worse, index) => {
      order.slice(0, index).forEach((better, other) => {
        const id = 1 + index * 10 + other;
        addStream(db, id, [
          [1, 2, worse, null],
          [2, 3, better, null],
          [3, 4, worse, 1],
        ]);
        // of two equal ones the reason of the later counts
        assert.deepEqual(ask(db, { streams: [`s${id}`] }).streams[0]!.bars[0], [worse, "timeout"]);
      });
    });
  });

  it("gives mean latencies by hour, from the tables and from what is not there yet", () => {
    const db = database();
    addStream(db, 1, []);
    addStream(db, 2, []);
    const hour = BEGIN / HOUR_MS;
    const insert = db.prepare(
      "INSERT INTO rollups (stream, hour, latency_count, latency_sum) VALUES (?, ?, ?, ?)",
    );
    insert.run(1, hour - 1, 9, 900);
    insert.run(1, hour, 3, 35);
    insert.run(1, hour + 1, 2, 20);
    const open = new Float64Array(2 * SNAPSHOT_STRIDE);
    open.set([1, hour + 1], 0);
    open.set([3, 46], 2 + FIELDS.latencyCount);
    open.set([2, hour + 1], SNAPSHOT_STRIDE);
    const { streams } = ask(db, { streams: ["s2", "s1"] }, open);
    assert.deepEqual(
      streams.map(({ name, latency }) => [name, latency]),
      [
        ["s2", [null, null]],
        ["s1", [12, 13]],
      ],
    );
  });

  it("takes milliseconds for 200 streams", (context) => {
    const db = database();
    const minutes = 24 * 60;
    const names = Array.from({ length: 200 }, (_, index) => `s${index + 1}`);
    db.transaction(() => {
      for (let id = 1; id <= 200; id++) {
        addStream(
          db,
          id,
          Array.from({ length: 200 }, (_, index) => [index * 7 - minutes, index * 7 + 7 - minutes, "up", 0]),
        );
      }
    })();
    const question = { streams: names, hours: 24, buckets: 48, now: BEGIN };
    ask(db, question);
    const begun = performance.now();
    const { streams } = ask(db, question);
    const tookMs = performance.now() - begun;
    context.diagnostic(`${tookMs.toFixed(1)} ms`);
    assert.equal(streams.length, 200);
    // generous, because the machine may be loaded
    assert.ok(tookMs < 1000, `${tookMs} ms`);
  });
});
