import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toRow } from "../../dashboard/ui-stream-board/board-rows";
import { BoardData } from "../../dashboard/ui-stream-board/vue/data/board-data";
import { decodeBars } from "../../dashboard/ui-stream-board/vue/data/bars";
import { liveStream } from "./live-streams";

const rowsOf = (...names: string[]) => names.map((name, index) => toRow(index + 1, liveStream(name)));
const NOTHING = { rows: [], removed: [], checks: [] };

describe("what a page knows", () => {
  it("is what the server sent", () => {
    const data = new BoardData(() => {});
    const gate = liveStream("Gate", {
      ...{
        state: "degraded",
        reason: "wrong_path",
        group: "Yard",
        tags: ["north"],
        flaps: 6,
        flapping: true,
      },
      media: { codec: "h264", width: 1920, height: 1080, fps: 25 },
      last: {
        ...{ at: 7000, state: "degraded", reason: "wrong_path", message: "RTSP 404 Not Found" },
        ...{ latencyMs: 12.4, timings: {}, level: "deep" },
      },
    });
    data.takeRows({ part: 0, parts: 1, rows: [toRow(4, gate)] });
    assert.deepEqual(data.byName("Gate"), {
      ...{ key: 4, name: "Gate", state: "degraded", reason: "wrong_path", since: 1000, position: 0 },
      ...{ group: "Yard", tags: ["north"], url: "rtsp://192.0.2.1", enabled: true, flaps: 6, uptime: null },
      media: {
        ...{ codec: "h264", width: 1920, height: 1080, fps: 25 },
        ...{ bitrate: undefined, audioCodec: undefined },
      },
      check: {
        ...{ at: 7000, latencyMs: 12, state: "degraded", reason: "wrong_path" },
        ...{ message: "RTSP 404 Not Found", isDeep: true },
      },
    });
  });

  it("stays on the screen until all parts of a new beginning are there", () => {
    const data = new BoardData(() => {});
    data.takeRows({ part: 0, parts: 1, rows: rowsOf("old") });
    data.takeRows({ part: 0, parts: 2, rows: rowsOf("a") });
    assert.ok(data.byName("old"));
    data.takeChanges({ ...NOTHING, rows: [toRow(2, liveStream("b", { state: "down" }))] });
    data.takeRows({ part: 1, parts: 2, rows: [] });
    assert.deepEqual(
      [...data.rows.values()].map(({ name, state }) => [name, state]),
      [
        ["a", "up"],
        ["b", "down"],
      ],
    );
    assert.equal(data.byName("old"), undefined);
  });

  it("follows renames, also of two that swap their names", () => {
    const data = new BoardData(() => {});
    data.takeRows({ part: 0, parts: 1, rows: rowsOf("a", "b") });
    data.takeChanges({ ...NOTHING, rows: [toRow(1, liveStream("b")), toRow(2, liveStream("a"))] });
    assert.deepEqual([data.byName("a")?.key, data.byName("b")?.key], [2, 1]);
    data.takeChanges({ ...NOTHING, removed: [2] });
    assert.equal(data.byName("a"), undefined);
    assert.equal(data.byName("b")?.key, 1);
  });

  it("counts states with the worst first", () => {
    const data = new BoardData(() => {});
    const states = ["up", "paused", "down", "up", "degraded", "unknown"] as const;
    const rows = states.map((state, key) => toRow(key, liveStream(`s${key}`, { state })));
    data.takeRows({ part: 0, parts: 1, rows });
    assert.deepEqual(data.counts(), [
      ["down", 1],
      ["degraded", 1],
      ["unknown", 1],
      ["up", 2],
      ["paused", 1],
    ]);
  });

  it("takes checks of streams that are not on the screen, and uptimes before and after the rows", () => {
    const data = new BoardData(() => {});
    const all = { all: [0.5, null, null], groups: [["Yard", 0.25]] } as const;
    data.takeUptime({ all: [...all.all], groups: [["Yard", 0.25]], streams: [1, 999_000, -1, 1_000_000] });
    data.takeRows({ part: 0, parts: 1, rows: rowsOf("a") });
    assert.deepEqual(data.byName("a")?.uptime, [0.999, null, 1]);
    data.takeChanges({ ...NOTHING, checks: [1, 9000, -1, 77, 1, 1] });
    assert.deepEqual([data.byName("a")?.check?.at, data.byName("a")?.check?.latencyMs], [9000, null]);
    assert.equal(data.uptimeOfGroups.get("Yard"), 0.25);
  });

  it("is replaced by each check, so that whoever shows it sees the difference", () => {
    const data = new BoardData(() => {});
    data.takeRows({ part: 0, parts: 1, rows: rowsOf("a") });
    const before = data.byName("a");
    data.takeChanges({ ...NOTHING, checks: [1, 9000, 30] });
    assert.deepEqual([before?.check?.at, data.byName("a")?.check?.at], [2000, 9000]);
  });

  it("begins with what was known when the page was last there", () => {
    const before = new BoardData(() => {});
    before.takeRows({ part: 0, parts: 1, rows: rowsOf("a") });
    before.takeUptime({ all: [0.5, null, null], groups: [], streams: [1, 999_000, -1, 1_000_000] });
    const data = new BoardData(() => {});
    data.adopt(before);
    assert.equal(data.complete, true);
    data.takeRows({ part: 0, parts: 1, rows: rowsOf("a") });
    assert.deepEqual(data.byName("a")?.uptime, [0.999, null, 1]);
    assert.deepEqual(data.uptimeOfAll, [0.5, null, null]);
  });

  it("decodes bars", () => {
    assert.deepEqual(decodeBars([1, 1000, [0, 1, 1 + 2 + 8 * 5], [-1, 4]], 10), {
      bars: [
        { from: 1000, to: 1010, state: null, reason: null },
        { from: 1010, to: 1020, state: "up", reason: null },
        { from: 1020, to: 1030, state: "down", reason: "timeout" },
      ],
      latency: [null, 4],
    });
  });
});
