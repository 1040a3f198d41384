import assert from "node:assert/strict";
import { describe, it } from "node:test";
import BetterSqlite, { type Database } from "better-sqlite3";
import type { State } from "../../contracts";
import { UptimeAnswers } from "../../nodes/status-store/answer-uptime";
import { STATE_CODES } from "../../nodes/status-store/codes";
import type { UptimeQuestion } from "../../nodes/status-store/history";
import { HistoryData } from "../../nodes/status-store/history-data";
import { Recorder } from "../../nodes/status-store/recorder";
import { addCheck, addTime, DAY_MS, HOUR_MS, rollupOf, type Rollup } from "../../nodes/status-store/rollup";
import { RollupTable } from "../../nodes/status-store/rollup-table";
import { migrate } from "../../nodes/status-store/schema";

/** Half past a full hour, so that the windows begin half an hour before their length ago. */
const NOW = Date.UTC(2026, 10, 22, 12, 30);
const HOUR = HOUR_MS;

interface Sums {
  uptime: number | null;
  samples: { ok: number; total: number; ratio: number | null };
  ms: Record<State, number>;
}
interface Answer {
  all: Record<string, Sums>;
  windows: Record<string, { from: number; to: number }>;
  streams: ({ name: string } & Record<string, Sums>)[];
}

class History {
  readonly db: Database = new BetterSqlite(":memory:");
  private readonly table: RollupTable;

  constructor(...names: string[]) {
    migrate(this.db);
    this.table = new RollupTable(this.db);
    const insert = this.db.prepare("INSERT INTO streams (name, url, protocol, created) VALUES (?, '', 0, 0)");
    for (const name of names) insert.run(name);
  }

  /** Hours from NOW; one without an end goes on. */
  span(stream: number, from: number, to: number | null, state: State): void {
    const start = NOW + from * HOUR;
    const end = to === null ? null : NOW + to * HOUR;
    this.db
      .prepare("INSERT INTO spans VALUES (?, ?, ?, ?, NULL, NULL, 0)")
      .run(stream, start, end, STATE_CODES[state]);
    const hours = new Map<number, Rollup>();
    addTime(hours, STATE_CODES[state], start, end ?? NOW);
    this.table.add(stream, hours);
  }

  check(stream: number, at: number, isOk: boolean): void {
    const hours = new Map<number, Rollup>();
    const time = NOW + at * HOUR;
    addCheck(
      rollupOf(hours, Math.floor(time / HOUR)),
      isOk ? STATE_CODES.up : STATE_CODES.down,
      isOk ? 1 : 0,
      1,
    );
    this.table.add(stream, hours);
  }

  ask(more: Partial<UptimeQuestion> = {}, answers = new UptimeAnswers(), hasChanged = true): Answer {
    if (hasChanged) this.table.changed();
    const slices = answers.answer(
      new HistoryData(this.db),
      {
        ...{ kind: "uptime", windows: ["24h", "7d", "30d", "90d"], by: ["stream", "all"], stream: null },
        ...{ now: NOW, timezone: "UTC" },
        ...more,
      },
      null,
    );
    for (;;) {
      const { done, value } = slices.next();
      if (done) return value as Answer;
    }
  }
}

const hoursOf = ({ ms }: Sums) =>
  Object.fromEntries(Object.entries(ms).flatMap(([state, one]) => (one === 0 ? [] : [[state, one / HOUR]])));

describe("uptime", () => {
  it("counts each state exactly, up to the ends of the windows", () => {
    const history = new History("a");
    history.span(1, -300, -200, "up");
    history.span(1, -200, -100, "unknown");
    history.span(1, -100, -50, "paused");
    history.span(1, -50, -20, "degraded");
    history.span(1, -20, -1, "down");
    history.span(1, -1, null, "up");
    const { all, windows } = history.ask();
    const from = Math.floor(NOW / HOUR) * HOUR;
    assert.deepEqual(windows["24h"], { ...windows["24h"], from: from - DAY_MS, to: NOW });
    assert.deepEqual(hoursOf(all["24h"]!), { degraded: 4.5, down: 19, up: 1 });
    assert.equal(all["24h"]!.uptime, Math.round((1 / 24.5) * 1e6) / 1e6);
    assert.deepEqual(hoursOf(all["7d"]!), { unknown: 68.5, paused: 50, degraded: 30, down: 19, up: 1 });
    assert.deepEqual(hoursOf(all["30d"]!), { up: 101, unknown: 100, paused: 50, degraded: 30, down: 19 });
    assert.deepEqual(all["90d"], all["30d"]);
  });

  it("tells years in which nobody watched, of one span", () => {
    const history = new History("off", "paused");
    history.span(1, -500_000, -2, "unknown");
    history.span(1, -2, null, "up");
    history.span(2, -500_000, null, "paused");
    const { streams } = history.ask();
    assert.deepEqual(hoursOf(streams[0]!["90d"]!), { unknown: 90 * 24 + 0.5 - 2, up: 2 });
    assert.deepEqual(hoursOf(streams[1]!["24h"]!), { paused: 24.5 });
    assert.equal(streams[1]!["24h"]!.uptime, null);
  });

  it("leaves out what lies ahead, because a clock was wrong, until its time has come", () => {
    const history = new History("a");
    history.check(1, -1, true);
    history.check(1, -0.1, true);
    for (const wrong of [2, 30, 24 * 365 * 12]) history.check(1, wrong, false);
    history.span(1, 100_000, 100_001, "unknown");
    const { all } = history.ask();
    for (const window of ["24h", "7d", "30d", "90d"]) {
      const { samples, ms } = all[window]!;
      // of the running day the sums are one
      assert.deepEqual([samples.ok, samples.total <= 3, ms.unknown], [2, true, 0], window);
    }
  });

  it("is asked of one stream that is watched", () => {
    const history = new History("a", "b");
    history.span(2, -2, null, "up");
    const [only, ...others] = history.ask({ stream: "b" }).streams;
    assert.deepEqual([only?.name, others], ["b", []]);
    history.db.exec("UPDATE streams SET removed = 1 WHERE name = 'b'");
    assert.throws(() => history.ask({ stream: "b" }), { statusCode: 404, code: "stream_not_found" });
  });

  it("keeps what it has read for as long as nothing is new in the tables", () => {
    const history = new History("a");
    const answers = new UptimeAnswers();
    history.check(1, -1, true);
    history.span(1, -3, null, "pending");
    assert.equal(history.ask({}, answers).all["24h"]!.samples.total, 1);
    assert.equal(hoursOf(history.ask({}, answers).all["24h"]!).pending, 3);
    assert.equal(hoursOf(history.ask({}, answers).all["24h"]!).pending, 3, "and adds nothing twice");
    history.check(1, -2, false);
    assert.deepEqual(history.ask({}, answers).all["24h"]!.samples, { ok: 1, total: 2, ratio: 0.5 });
  });

  it("has what was of a stream as soon as it comes back", () => {
    const history = new History("a", "b");
    const answers = new UptimeAnswers();
    history.check(2, -2, true);
    const recorder = new Recorder(history.db);
    const watch = (...names: string[]) => {
      const streams = names.map((name) => ({ name, url: `rtsp://192.0.2.1/${name}` }));
      recorder.apply({ kind: "streams", streams, renames: [], strict: false, at: NOW });
    };
    watch("a");
    assert.equal(history.ask({}, answers).all["24h"]!.samples.total, 0);
    watch("a", "b");
    assert.equal(history.ask({}, answers, false).all["24h"]!.samples.total, 1);
  });
});
