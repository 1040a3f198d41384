import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bucket } from "../../dashboard/ui-stream-board/vue/detail/answers";
import {
  bandsOf,
  chartOf,
  latencyPaths,
  Scale,
  worstOf,
} from "../../dashboard/ui-stream-board/vue/detail/chart-shapes";
import {
  bucketFor,
  latencySteps,
  ticks,
  zoneOffsetMs,
} from "../../dashboard/ui-stream-board/vue/detail/time-range";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 15, 12);

const bucket = (at: number, ms: Bucket["ms"], average?: number): Bucket => ({
  ...{ at, ms },
  latencyMs: average === undefined ? null : { min: average / 2, average, max: average * 2 },
});

describe("the latency chart", () => {
  it("asks for as many buckets as can be told apart", () => {
    const back = (ms: number) => ({ from: NOW - ms, to: NOW });
    assert.deepEqual(bucketFor(back(24 * HOUR), NOW, 20_000), { name: "5m", ms: 300_000 });
    assert.deepEqual(bucketFor(back(24 * 7 * HOUR), NOW, 20_000), { name: "1h", ms: HOUR });
    assert.deepEqual(bucketFor(back(24 * 30 * HOUR), NOW, 20_000), { name: "3h", ms: 3 * HOUR });
    assert.deepEqual(bucketFor(back(300_000), NOW, 20_000), { name: "30s", ms: 30_000 });
    // checks older than a week are known by the hour only
    assert.deepEqual(bucketFor({ from: NOW - 240 * HOUR, to: NOW - 239 * HOUR }, NOW, 0), {
      ...{ name: "1h", ms: HOUR },
    });
  });

  it("draws neighbours of one state as one band, and nothing where nothing was seen", () => {
    const scale = new Scale({ from: 0, to: 100 }, 10, { width: 100, height: 50 });
    const buckets = [
      bucket(0, { up: 10 }),
      bucket(10, { up: 9, paused: 1 }),
      bucket(20, { up: 5, down: 5 }),
      bucket(30, {}),
      bucket(40, { down: 1 }),
    ];
    assert.equal(worstOf(buckets[3]!), null);
    assert.deepEqual(bandsOf(buckets, 10, scale), [
      { state: "up", x: 0, width: 20 },
      { state: "down", x: 20, width: 10 },
      { state: "down", x: 40, width: 10 },
    ]);
  });

  it("breaks its line where nothing was measured, but not at one bucket without a check", () => {
    const scale = new Scale({ from: 0, to: 100 }, 10, { width: 100, height: 50 });
    const buckets = [0, 10, 30, 70].map((at) => bucket(at, { up: 1 }, 5));
    assert.equal(latencyPaths(buckets, 10, scale).line, "M5.0 25.0L15.0 25.0L35.0 25.0M75.0 25.0h.1");
  });

  it("is scaled to the highest latency, beside the room for the marks", () => {
    const history = {
      range: { from: 1000, to: 2000 },
      bucketMs: 500,
      buckets: [bucket(1000, { up: 5 }, 40)],
    };
    const { plotWidth, steps, scale, bands, paths } = chartOf(history, 252);
    assert.deepEqual([plotWidth, steps.at(-1), scale.y(80), scale.x(1500)], [200, 80, 0, 100]);
    assert.deepEqual(bands, [{ state: "up", x: 0, width: 100 }]);
    assert.equal(paths.area, "M50.0 0.0L50.0 142.5Z");
  });

  it("knows the offset of a time zone at a time", () => {
    assert.equal(zoneOffsetMs(Date.UTC(2026, 0, 1), "Europe/Berlin"), HOUR);
    assert.equal(zoneOffsetMs(Date.UTC(2026, 6, 1), "Europe/Berlin"), 2 * HOUR);
    assert.equal(zoneOffsetMs(NOW, "America/St_Johns"), -3.5 * HOUR);
    assert.equal(zoneOffsetMs(NOW, "UTC"), 0);
  });

  it("has round numbers at its axes", () => {
    assert.deepEqual(latencySteps(0), [0, 1, 2, 3, 4]);
    assert.deepEqual(latencySteps(87), [0, 25, 50, 75, 100]);
    assert.deepEqual(latencySteps(410), [0, 200, 400, 600, 800]);
    const marks = ticks({ from: NOW - 24 * HOUR, to: NOW }, 8, 2 * HOUR);
    assert.deepEqual(
      marks.map(({ at, isDay }) => [new Date(at + 2 * HOUR).toISOString().slice(11, 16), isDay]),
      [
        ["15:00", false],
        ["18:00", false],
        ["21:00", false],
        ["00:00", true],
        ["03:00", false],
        ["06:00", false],
        ["09:00", false],
        ["12:00", false],
      ],
    );
  });
});
