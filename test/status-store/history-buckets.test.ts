import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";
import { STATE_CODES } from "../../nodes/status-store/codes";
import { HistoryBuckets } from "../../nodes/status-store/history-buckets";
import { addCheck, DAY_MS, emptyRollup, FIELDS, HOUR_MS } from "../../nodes/status-store/rollup";

interface Shown {
  at: number;
  time: string;
  checks: { up: number; degraded: number; down: number };
  ms: Record<string, number>;
}

/** Days of a zone, from an hour on: each hour with one check and an hour of being up, and paused all the while. */
function days(
  timezone: string,
  from: string,
  hours: number,
  widthMs = DAY_MS,
): [string, number, number, number][] {
  const buckets = new HistoryBuckets(widthMs, new ZonedTime(timezone));
  const first = Date.parse(from) / HOUR_MS;
  for (let hour = first; hour < first + hours; hour++) {
    const sums = emptyRollup();
    addCheck(sums, STATE_CODES.up, 1, 5);
    sums[FIELDS.ms] = HOUR_MS;
    buckets.addHour(hour, sums);
  }
  buckets.addSpan(STATE_CODES.paused, first * HOUR_MS, (first + hours) * HOUR_MS);
  return (buckets.rendered() as Shown[]).map(({ time, checks, ms }) => [
    `${time.slice(0, 16)}${time.slice(-6)}`,
    checks.up,
    ms.up! / HOUR_MS,
    ms.paused! / HOUR_MS,
  ]);
}

describe("buckets of days", () => {
  it("have 23 and 25 hours where clocks are changed", () => {
    assert.deepEqual(days("Europe/Berlin", "2026-03-27T23:00:00Z", 72), [
      ["2026-03-28T00:00+01:00", 24, 24, 24],
      ["2026-03-29T00:00+01:00", 23, 23, 23],
      ["2026-03-30T00:00+02:00", 24, 24, 24],
      ["2026-03-31T00:00+02:00", 1, 1, 1],
    ]);
    assert.deepEqual(days("Europe/Berlin", "2026-10-24T22:00:00Z", 49), [
      ["2026-10-25T00:00+02:00", 25, 25, 25],
      ["2026-10-26T00:00+01:00", 24, 24, 24],
    ]);
  });

  it("begin where midnight itself is left out, and where it comes twice", () => {
    // Cairo's clocks go from 24:00 to 01:00, and back from 24:00 to 23:00
    assert.deepEqual(days("Africa/Cairo", "2026-04-22T22:00:00Z", 47), [
      ["2026-04-23T00:00+02:00", 24, 24, 24],
      ["2026-04-24T01:00+03:00", 23, 23, 23],
    ]);
    assert.deepEqual(days("Africa/Cairo", "2026-10-28T21:00:00Z", 49), [
      ["2026-10-29T00:00+03:00", 25, 25, 25],
      ["2026-10-30T00:00+02:00", 24, 24, 24],
    ]);
  });

  it("are exact in time and to the hour in sums, where clocks differ by parts of an hour", () => {
    // Kathmandu: midnight at 18:15 UTC, so that the hour of 18:00 belongs to the new day
    assert.deepEqual(days("Asia/Kathmandu", "2026-01-01T18:00:00Z", 48), [
      ["2026-01-01T00:00+05:45", 0, 0, 0.25],
      ["2026-01-02T00:00+05:45", 24, 24, 24],
      ["2026-01-03T00:00+05:45", 24, 24, 23.75],
    ]);
    // Lord Howe changes its clocks by half an hour: days of 23.5 and 24.5 hours
    assert.deepEqual(days("Australia/Lord_Howe", "2026-10-02T13:00:00Z", 72), [
      ["2026-10-02T00:00+10:30", 0, 0, 0.5],
      ["2026-10-03T00:00+10:30", 24, 24, 24],
      ["2026-10-04T00:00+10:30", 24, 24, 23.5],
      ["2026-10-05T00:00+11:00", 24, 24, 24],
    ]);
    assert.deepEqual(days("Australia/Lord_Howe", "2026-04-03T13:00:00Z", 72), [
      ["2026-04-04T00:00+11:00", 24, 24, 24],
      ["2026-04-05T00:00+11:00", 24, 24, 24.5],
      ["2026-04-06T00:00+10:30", 24, 24, 23.5],
    ]);
  });

  it("of a week hold every hour once, over a change of the clocks by two hours", () => {
    const weeks = days("Antarctica/Troll", "2026-03-01T00:00:00Z", 60 * 24, 7 * DAY_MS);
    assert.equal(
      weeks.reduce((sum, [, checks]) => sum + checks, 0),
      60 * 24,
    );
    for (const [time, checks, , paused] of weeks.slice(1, -1)) {
      assert.match(time, /T00:00\+0[02]:00$/);
      assert.equal(checks, paused, time);
    }
  });
});

describe("buckets of any width", () => {
  it("hold latencies with their percentiles, of one hour or of many", () => {
    const buckets = new HistoryBuckets(6 * HOUR_MS, new ZonedTime("UTC"));
    for (let hour = 0; hour < 5; hour++) {
      const sums = emptyRollup();
      for (let latency = 1; latency <= 200; latency++)
        addCheck(sums, STATE_CODES.up, 1, hour * 200 + latency);
      buckets.addHour(hour, sums);
    }
    const none = emptyRollup();
    addCheck(none, STATE_CODES.down, 0, null);
    buckets.addHour(6, none);
    const latencies = (buckets.rendered() as { latencyMs: object | null }[]).map(
      ({ latencyMs }) => latencyMs,
    );
    // within a bucket of the histogram of the truth, 500.5, 950 and 990
    assert.deepEqual(latencies, [{ min: 1, average: 501, max: 1000, p50: 500, p95: 950, p99: 990 }, null]);
  });

  it("cut a span where they end, and it counts for each of them", () => {
    const buckets = new HistoryBuckets(600_000, new ZonedTime("UTC"));
    buckets.addSpan(STATE_CODES.down, 500_000, 1_900_000);
    buckets.addCheck(1_250_000, STATE_CODES.down, false, null);
    // a code of a newer program
    buckets.addSpan(42, 1_900_000, 1_900_500);
    const shown = (buckets.rendered() as Shown[]).map(({ at, checks, ms }) => [
      at,
      checks.down,
      ms.down,
      ms.unknown,
    ]);
    assert.deepEqual(shown, [
      [0, 0, 100_000, 0],
      [600_000, 0, 600_000, 0],
      [1_200_000, 1, 600_000, 0],
      [1_800_000, 0, 100_000, 500],
    ]);
  });
});
