import assert from "node:assert/strict";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openDatabase } from "../../nodes/status-store/database-file";
import { HOUR_MS } from "../../nodes/status-store/rollup";
import type { Retention } from "../../nodes/status-store/store-messages";
import { StoreWriter } from "../../nodes/status-store/store-writer";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { check, flat, NOW, rows, stateOf, transition } from "./support";

const NAMES = ["a", "b"];
const MINUTE = 60_000;

/** A clock whose time of day somebody sets. */
class SetClock extends FakeClock {
  /** How far it was put forward, or back. */
  setMs = 0;
  override now(): number {
    return super.now() + this.setMs;
  }
}

class Watching {
  readonly clock: SetClock;
  readonly logger = new RecordingLogger();
  readonly writer: StoreWriter;
  private seq = 0;

  constructor(
    context: TestContext,
    begin = NOW,
    readonly file = path.join(temporaryFolder(context), "streams.db"),
    retention?: Retention,
  ) {
    this.clock = new SetClock(begin);
    this.writer = new StoreWriter({
      ...{ file, clock: this.clock, logger: this.logger, open: openDatabase, send: () => {} },
    });
    context.after(() => this.writer.stop());
    this.writer.start();
    const streams = NAMES.map((name) => ({ name, url: `rtsp://192.0.2.1/${name}` }));
    const at = this.clock.now();
    this.writer.receive({ kind: "streams", streams, renames: [], strict: false, retention, at });
    this.clock.pass(10);
    this.writer.receive({
      kind: "states",
      states: NAMES.map((name) => stateOf(name, { since: this.clock.now() })),
    });
    this.clock.pass(10);
  }

  watch(minutes: number): void {
    for (let passed = 0; passed < minutes * 3; passed++) {
      const checks = NAMES.map((name) => check(name, { at: this.clock.now() }));
      this.writer.receive({ kind: "checks", flat: flat(...checks) });
      this.clock.pass(20_000);
    }
  }

  change(to: "up" | "down"): void {
    const from = to === "up" ? "down" : "up";
    const reason = to === "up" ? "ok" : "timeout";
    const at = this.clock.now();
    const one = transition("a", { seq: ++this.seq, from, to, reason, at });
    this.writer.receive({ kind: "transition", transition: one });
    this.clock.pass(20);
  }

  /** state of stream `a` → minutes in it, over all its spans. */
  minutes(until = this.clock.now()): Record<number, number> {
    const found: Record<number, number> = {};
    const spans = rows(this.file, `SELECT start, "end", state FROM spans WHERE stream = 1`) as {
      start: number;
      end: number | null;
      state: number;
    }[];
    for (const { start, end, state } of spans) {
      found[state] = (found[state] ?? 0) + Math.max(0, (end ?? until) - start);
    }
    return Object.fromEntries(
      Object.entries(found).map(([state, ms]) => [state, Math.round(ms / MINUTE)] as const),
    );
  }

  assertWhole(): void {
    const { file } = this;
    assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
    const torn = `SELECT count(*) AS n FROM (SELECT "end", lead(start) OVER (PARTITION BY stream ORDER BY start) AS next FROM spans)
      WHERE next IS NOT "end"`;
    assert.deepEqual(rows(file, torn), [{ n: 0 }]);
    assert.deepEqual(rows(file, `SELECT count(*) AS n FROM incidents WHERE "end" < start`), [{ n: 0 }]);
    assert.deepEqual(this.logger.lines, []);
  }
}

const sumOf = (file: string, sql: string) =>
  (rows(file, `SELECT ${sql} AS n FROM rollups`)[0] as { n: number }).n;
const [UP, DOWN, UNKNOWN] = [0, 2, 5];

describe("a clock that is put forward", () => {
  it("leaves the time that it passed over unknown, whatever is written first afterwards", (context) => {
    const one = new Watching(context);
    one.watch(30);
    one.clock.setMs = 30 * HOUR_MS;
    // at once, before the work in the background looks at the clock
    one.change("down");
    one.watch(30);
    one.assertWhole();
    assert.deepEqual(one.minutes(), { 3: 0, [UP]: 30, [DOWN]: 30, [UNKNOWN]: 30 * 60 });
  });

  it("from 1970 to now takes neither room nor time", (context) => {
    const one = new Watching(context, 5 * MINUTE);
    one.watch(10);
    one.clock.setMs = NOW;
    one.change("down");
    one.watch(70);
    one.clock.pass(HOUR_MS);
    one.assertWhole();
    const { [UP]: up, [DOWN]: down } = one.minutes();
    assert.deepEqual([up, down], [10, 130]);
    assert.ok(sumOf(one.file, "count(*)") <= 12);
    assert.equal(sumOf(one.file, "sum(up + degraded + down)"), 80 * 3 * 2);
  });
});

describe("retention, with a clock that runs ahead", () => {
  const DAY_MS = 24 * HOUR_MS;
  const keeping = (
    context: TestContext,
    begin: number,
    file = path.join(temporaryFolder(context), "streams.db"),
  ) => new Watching(context, begin, file, { checks_days: 7, rollup_days: 400 });
  const kept = ({ file }: Watching) =>
    ["all_checks", "rollups", "daily_rollups", "transitions", "spans"].map(
      (table) => (rows(file, `SELECT count(*) AS n FROM ${table} WHERE stream = 1`)[0] as { n: number }).n,
    );
  /** Nothing that was there before is missing. */
  const assertKept = (one: Watching, before: number[]) => {
    for (const [index, count] of kept(one).entries()) assert.ok(count >= before[index]!, `table ${index}`);
  };
  const watched = (context: TestContext) => {
    const one = keeping(context, NOW);
    one.watch(130);
    one.change("down");
    one.watch(1);
    return one;
  };

  it("deletes nothing before the clock was steady for an hour", (context) => {
    const one = watched(context);
    const before = kept(one);
    for (const minutes of [0.5, 55]) {
      one.clock.setMs = 500 * DAY_MS;
      one.watch(minutes);
      one.clock.setMs = 0;
      one.watch(10);
      assertKept(one, before);
    }
    // one that stays is right
    one.clock.setMs = 500 * DAY_MS;
    one.clock.pass(HOUR_MS + MINUTE);
    assert.deepEqual(rows(one.file, `SELECT count(*) AS n FROM checks WHERE at < ${NOW + 2 * DAY_MS}`), [
      { n: 0 },
    ]);
  });

  it("deletes nothing soon after a start, nor after a further one", (context) => {
    const one = watched(context);
    const before = kept(one);
    one.writer.stop();
    for (let start = 0; start < 3; start++) {
      const next = keeping(context, NOW + 500 * DAY_MS + start * HOUR_MS, one.file);
      next.watch(30);
      next.writer.stop();
      assertKept(next, before);
    }
    const last = keeping(context, NOW + 500 * DAY_MS + 3 * HOUR_MS, one.file);
    last.clock.pass(HOUR_MS + MINUTE);
    assert.deepEqual(rows(one.file, `SELECT count(*) AS n FROM checks WHERE at < ${NOW + 2 * DAY_MS}`), [
      { n: 0 },
    ]);
  });
});

describe("a clock that is set back", () => {
  it("while checks are written loses none and counts no moment twice", (context) => {
    const one = new Watching(context);
    one.watch(45);
    one.clock.setMs = -20 * MINUTE;
    one.change("down");
    // the same milliseconds again
    one.watch(45);
    one.change("up");
    one.watch(90);
    one.clock.pass(HOUR_MS);
    one.assertWhole();
    const checks = 180 * 3;
    assert.deepEqual(rows(one.file, "SELECT count(*) AS n FROM all_checks WHERE stream = 1"), [
      { n: checks },
    ]);
    assert.equal(sumOf(one.file, "sum(up + degraded + down)"), 2 * checks);
    // twenty minutes came twice, and what was seen last counts
    const { [UP]: up, [DOWN]: down } = one.minutes();
    assert.equal(down, 45);
    assert.equal((up ?? 0) + (down ?? 0), Math.round((one.clock.now() - NOW) / MINUTE));
    const hours = Math.floor((one.clock.now() - NOW) / HOUR_MS);
    assert.ok(sumOf(one.file, "sum(up_ms + down_ms)") >= 2 * (hours - 1) * HOUR_MS);
    const most = rows(one.file, "SELECT max(up_ms + degraded_ms + down_ms) AS n FROM rollups") as {
      n: number;
    }[];
    assert.ok(most[0]!.n <= HOUR_MS, `${most[0]!.n} ms in one hour`);
  });

  it("by years, before the program starts, does not touch what there is", (context) => {
    const one = new Watching(context);
    one.watch(70);
    one.change("down");
    one.writer.stop();
    const before = rows(one.file, "SELECT stream, at, state FROM all_checks ORDER BY stream, at");
    // a device without a clock of its own begins in 1970, and is told the time a little later
    const next = new Watching(context, 5 * MINUTE, one.file);
    next.watch(5);
    next.clock.setMs = NOW + 3 * HOUR_MS;
    next.watch(70);
    next.assertWhole();
    const after = rows(
      one.file,
      "SELECT stream, at, state FROM all_checks WHERE at > 1e12 ORDER BY stream, at",
    );
    assert.deepEqual(
      after.filter((row) => before.some((old) => JSON.stringify(old) === JSON.stringify(row))),
      before,
    );
    const open = rows(one.file, `SELECT stream, state FROM spans WHERE "end" IS NULL ORDER BY stream`);
    assert.deepEqual(open, [
      { stream: 1, state: UP },
      { stream: 2, state: UP },
    ]);
  });
});
