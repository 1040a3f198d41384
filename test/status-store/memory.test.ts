import assert from "node:assert/strict";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import { lookUp } from "../../nodes/status-store/answer-lookup";
import { MemoryBudget } from "../../nodes/status-store/memory-budget";
import { migrate } from "../../nodes/status-store/schema";
import { Store } from "../../nodes/status-store/store";
import type { StoreStats } from "../../nodes/status-store/store-messages";
import { StoreWriter } from "../../nodes/status-store/store-writer";
import { systemClock } from "../../common/clock";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { check, flat, NOW, settings, stateOf, stream, transition } from "./support";

const NAMES = Array.from({ length: 200 }, (_, index) => `Camera ${index}`);
const DEFAULTS = { checks_days: 7, rollup_days: 400 };
const MOST_KEPT = { checks_days: 0.25, rollup_days: 31 };
const MB = 1024 * 1024;

describe("MemoryBudget", () => {
  it("keeps less once a minute while it is too much, and more again when there is room", () => {
    const budget = new MemoryBudget(1000, MOST_KEPT);
    assert.deepEqual(budget.shorten(DEFAULTS), MOST_KEPT);
    assert.deepEqual(budget.shorten({ checks_days: 0.1, rollup_days: 400 }), {
      ...{ checks_days: 0.1, rollup_days: 31 },
    });
    assert.equal(budget.isExceeded(1001, 0), true);
    assert.equal(budget.isExceeded(5000, 59_999), false);
    assert.equal(budget.shorten(DEFAULTS).rollup_days, 31 * 0.7);
    assert.equal(budget.isExceeded(900, 60_000), false);
    assert.equal(budget.shorten(DEFAULTS).rollup_days, 31 * 0.7);
    for (let minute = 2; minute < 10; minute++) budget.isExceeded(100, minute * 60_000);
    assert.deepEqual(budget.shorten(DEFAULTS), MOST_KEPT);
    for (let minute = 10; minute < 99; minute++) budget.isExceeded(1e9, minute * 60_000);
    assert.equal(budget.shorten(DEFAULTS).checks_days, 0.25 * 0.02);
  });
});

function recordingInMemory(context: TestContext, bytes: number, mostPages = Infinity) {
  const clock = new FakeClock(NOW);
  const logger = new RecordingLogger();
  const opened: BetterSqlite.Database[] = [];
  let stats: StoreStats | undefined;
  const writer = new StoreWriter({
    ...{ file: "(in memory)", clock, logger, inMemory: new MemoryBudget(bytes, MOST_KEPT) },
    open: () => {
      const db = new BetterSqlite(":memory:");
      db.pragma("auto_vacuum = INCREMENTAL");
      migrate(db);
      if (mostPages < Infinity) db.pragma(`max_page_count = ${mostPages}`);
      opened.push(db);
      return { db, moved: [] };
    },
    send: (message) => void (message.kind === "stats" && (stats = message)),
  });
  context.after(() => writer.stop());
  writer.start();
  const streams = NAMES.map((name, index) => ({ name, url: `rtsp://192.0.2.1/${index}` }));
  writer.receive({ kind: "streams", streams, renames: [], strict: false, at: NOW });
  const record = (minutes: number) => {
    for (let passed = 0; passed < minutes * 3; passed++) {
      const at = clock.now();
      writer.receive({ kind: "checks", flat: flat(...NAMES.map((name) => check(name, { at }))) });
      clock.pass(20_000);
    }
  };
  return { clock, logger, opened, record, stats: () => stats! };
}

describe("a history in memory", () => {
  it("keeps as long as there is room for, and says how long that is", (context) => {
    const { opened, record, stats, clock } = recordingInMemory(context, MB);
    let largest = 0;
    for (let hour = 0; hour < 4; hour++) {
      record(60);
      const count = (what: string) => Number(opened[0]!.pragma(what, { simple: true }));
      largest = Math.max(largest, (count("page_count") - count("freelist_count")) * 4096);
    }
    // 36,000 checks an hour take about a megabyte
    assert.ok(largest < 2.5 * MB && largest > MB / 2, `${largest / MB} MB`);
    const { checks_days } = stats().maintenance!.retention;
    assert.ok(checks_days < 0.25 && checks_days > 0.01, String(checks_days));
    const oldest = opened[0]!.prepare("SELECT min(at) FROM all_checks").pluck().get() as number;
    assert.ok(clock.now() - oldest < 3 * 3_600_000);
    assert.equal(opened.length, 1);
  });

  it("begins anew when nothing else helps, and says so", (context) => {
    const { opened, record, logger } = recordingInMemory(context, 10 * MB, 200);
    record(60);
    assert.ok(opened.length > 1);
    assert.ok(
      logger.texts().some((line) => line.startsWith("The history in memory was full and begins anew: ")),
      logger.texts().join("\n"),
    );
    const kept = opened.at(-1)!.prepare("SELECT count(*) FROM all_checks").pluck().get() as number;
    assert.ok(kept > 0);
  });

  it("opens no file, whatever it is asked", async (context) => {
    const folder = temporaryFolder(context);
    // no folder can be made below a file, whoever tries
    writeFileSync(path.join(folder, "readonly"), "");
    const file = path.join(folder, "readonly", "streams.db");
    const filesBefore = openFiles();
    const logger = new RecordingLogger();
    const store = new Store({ file, memory: true, clock: systemClock, logger });
    context.after(() => store.stop());
    store.start();
    await new Promise<void>((resolve) => store.whenRead(resolve));
    store.setStreams({ payload: [stream("a"), stream("b")], settings: settings() });
    store.recordStates([stateOf("a")]);
    store.recordTransition(transition("b"));
    store.recordChecks([check("a"), check("b")]);
    store.recordDelivered("mqtt", 1);
    await until(() => store.health().details.checksStored === 2);
    const questions = [
      ...["history", "incidents", "uptime", "metrics", "transitions"].map((query) => ({ query, name: "a" })),
      { query: "bars", parameters: { streams: ["a"] } },
      ...["export.csv", "export.ndjson", "backup"].map((query) => ({ query })),
    ];
    for (const question of questions) {
      const answer = await lookUp(store, question);
      if ("pieces" in answer) {
        const pieces: Uint8Array[] = [];
        for await (const piece of answer.pieces) pieces.push(piece);
        assert.ok(Buffer.concat(pieces).length > 50, question.query);
      } else assert.equal(answer.statusCode, 200, question.query);
      assert.deepEqual(openFiles(), filesBefore, question.query);
    }
    store.forget(["b"]);
    assert.deepEqual(readdirSync(folder), ["readonly"]);
    assert.deepEqual(store.health().problems, []);
    assert.deepEqual(logger.lines, []);
  });
});

/** The database files that this process has open, where the system tells. */
function openFiles(): string[] {
  if (process.platform !== "linux") return [];
  const targets = readdirSync("/proc/self/fd").map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => /\.db|etilqs|sqlite/.test(target)).sort();
}
