import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BenchFigures, SizeFigures } from "../../bench/measure";
import { report, verdicts, verdictText } from "../../bench/results";

const size = (streams: number, changes: Partial<SizeFigures> = {}): SizeFigures => ({
  streams,
  checksPerSecond: streams / 20,
  microsPerCheck: 300,
  floor: { microsPerCheck: 200, checksPerSecond: streams / 20 },
  latenessP99Ms: 100,
  loopDelayP99Ms: 10,
  residentMb: 200,
  productShare: 0.15,
  farmShare: 0.05,
  ...changes,
});

const figures = (changes: Partial<BenchFigures> = {}): BenchFigures => ({
  idleShare: 0.01,
  unpaced: { microsPerCheck: 60, checksPerSecond: 12_000 },
  farmShareUnpaced: 0.7,
  sizes: [size(10_000)],
  status: { streams: 1000, bytes: 130_000, requestsPerSecond: 2000, bareRequestsPerSecond: 4000 },
  faults: [],
  ...changes,
});

const plan = { sizes: [10_000], seconds: 60, settleSeconds: 60, loadSeconds: 10, importRows: 10_000 };

const judged = (changes: Partial<BenchFigures>) =>
  verdicts(figures(changes)).map((each) => `${each.what}: ${each.measured}: ${verdictText(each)}`);

describe("results of the bench", () => {
  it("judges each budget and each goal", () => {
    assert.deepEqual(judged({}), [
      "CPU of a whole check against the floor, 10000 streams: 1.50 ×: kept, goal reached",
      "lateness p99, 10000 streams: 100 ms: kept, goal reached",
      "Node-RED's loop delay p99, 10000 streams: 10 ms: kept, goal reached",
      "/api/status with 1000 streams: 2000 requests/s, 0.50 of a bare server: kept, goal reached",
    ]);
    const status = { streams: 1000, bytes: 1, requestsPerSecond: 1000, bareRequestsPerSecond: 4000 };
    const slow = size(10_000, { microsPerCheck: 500, latenessP99Ms: 1000, loopDelayP99Ms: 50 });
    assert.deepEqual(judged({ sizes: [slow], status }), [
      "CPU of a whole check against the floor, 10000 streams: 2.50 ×: kept, goal missed",
      "lateness p99, 10000 streams: 1000 ms: kept, goal missed",
      "Node-RED's loop delay p99, 10000 streams: 50 ms: kept, goal missed",
      "/api/status with 1000 streams: 1000 requests/s, 0.25 of a bare server: kept, goal missed",
    ]);
    const slower = size(10_000, { microsPerCheck: 501, latenessP99Ms: 1001, loopDelayP99Ms: 51 });
    const fewer = { ...status, requestsPerSecond: 999 };
    assert.deepEqual(
      verdicts(figures({ sizes: [slower], status: fewer })).map(verdictText),
      Array(4).fill("MISSED"),
    );
  });

  it("judges how long the pages take where there is a browser", () => {
    const board = { firstRowsMs: 999, frameMs: 100 };
    const settings = { firstRowsMs: 2001, frameMs: 33 };
    assert.deepEqual(
      judged({ dashboard: { board, settings } }).filter((text) => text.includes("browser")),
      [
        "board of 10000 streams in a browser: first rows: 999 ms: kept, goal reached",
        "board of 10000 streams in a browser: frame p95 while scrolled: 100 ms: kept, goal missed",
        "settings of 10000 streams in a browser: first rows: 2001 ms: MISSED",
        "settings of 10000 streams in a browser: frame p95 while scrolled: 33 ms: kept, goal reached",
      ],
    );
  });

  it("judges MQTT by what it adds", () => {
    const mqtt = {
      ...{ streams: 10_000, fullPublishSeconds: 2.5, messagesPerSecond: 200, residentMb: 300 },
      ...{ productShare: 0.33, productShareWithout: 0.2, loopDelayP99Ms: 10 },
    };
    assert.deepEqual(judged({ sizes: [], status: undefined, mqtt }), [
      "MQTT, 10000 streams: all published anew: 2.5 s: kept, goal reached",
      "MQTT, 10000 streams: what it adds, of one core: 13.0 %: kept, goal missed",
      "Node-RED's loop delay p99, MQTT, 10000 streams: 10 ms: kept, goal reached",
    ]);
    const text = report(figures({ mqtt, mediaCheck: { ownMicros: 40 } }), plan);
    assert.match(text, /## MQTT\n\n10000 streams .* 200\.0 messages\/s/);
    assert.match(text, /## Pictures\n\nA media check .*\n\n## MQTT/);
  });

  it("judges pictures, and a media check against ffprobe", () => {
    const pictures = size(10_000, { latenessP99Ms: 251 });
    assert.deepEqual(
      judged({ sizes: [], status: undefined, pictures, mediaCheck: { ownMicros: 40, ffprobeMicros: 1000 } }),
      [
        "lateness p99, 10000 streams, each picture once a minute: 251 ms: kept, goal missed",
        "Node-RED's loop delay p99, 10000 streams, each picture once a minute: 10 ms: kept, goal reached",
        "CPU of a media check against ffprobe on the same stream: 1/25: kept, goal missed",
      ],
    );
    assert.deepEqual(
      judged({ sizes: [], status: undefined, mediaCheck: { ownMicros: 51, ffprobeMicros: 1000 } }),
      ["CPU of a media check against ffprobe on the same stream: 1/19: MISSED"],
    );
    assert.deepEqual(judged({ sizes: [], status: undefined, mediaCheck: { ownMicros: 51 } }), []);
  });

  it("judges lateness and loop delay with 10,000 streams only", () => {
    assert.deepEqual(judged({ sizes: [size(1000, { latenessP99Ms: 5000 })], status: undefined }), [
      "CPU of a whole check against the floor, 1000 streams: 1.50 ×: kept, goal reached",
      "resident memory of the whole process, 1000 streams: 200 MB: kept, goal reached",
    ]);
  });

  it("judges memory with 1,000 streams only", () => {
    const [, memory] = verdicts(figures({ sizes: [size(1000, { residentMb: 301 })], status: undefined }));
    assert.deepEqual([memory?.measured, memory && verdictText(memory)], ["301 MB", "MISSED"]);
  });

  it("judges the store", () => {
    const store = {
      ...{ keptBytesPerCheck: 25, writtenBytesPerCheck: 501, uptimeColdMs: 50, uptimeMs: 10 },
      ...{ exportRowsPerSecond: 400_000, exportGrowthMb: 30, metricsMs: 400, metricsStreams: 10_000 },
      ...{ importRows: 1_000_000, importRowsPerSecond: 100_000, longestSliceMs: 30, hourlySliceMs: 50.1 },
    };
    assert.deepEqual(judged({ sizes: [], status: undefined, store }), [
      "uptime of 1000 streams over 30 days: 10.0 ms: kept, goal reached",
      "the same after the hourly work: 50.0 ms: kept, goal reached",
      "one stored check, kept: 25.0 bytes: kept, goal missed",
      "one stored check, written: 501.0 bytes: MISSED",
      "/metrics with 10000 streams: 400.0 ms: kept, goal reached",
      "a commit waits for the hourly work of 10,000 streams: 50.1 ms: MISSED",
      "import of 10,000,000 rows of v2.2: 100 s: kept, goal reached",
    ]);
  });

  it("reports the machine, both ratios, the farm and the faults, and no date", () => {
    const text = report(figures({ faults: ["3 checks were left out."] }), plan);
    assert.match(text, /^Machine: \d+ cores, .*, Node\.js v\d+\.\d+\.\d+\.$/m);
    const row =
      "| 10000 | 500.0 | 1.50 × | 1.40 × | 300 µs | 200 µs | 100.0 ms | 10.0 ms | 200 MB | 15.0 % | 5.0 % |";
    assert.ok(text.includes(`\n${row}\n`), text);
    assert.match(
      text,
      /the floor makes 12000 checks\/s at 60 µs each, and the farm then uses 70\.0 % of a core/,
    );
    assert.match(text, /^## Faults\n\n- 3 checks were left out\.$/m);
    assert.doesNotMatch(text, /20\d\d-/);
  });
});
