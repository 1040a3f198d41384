import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readReport } from "../../../nodes/stream-probe/ffmpeg/ffprobe-report";

const video = { codec_type: "video", codec_name: "h264", width: 1920, height: 1080 };

describe("what ffprobe reports", () => {
  const reports: [what: string, report: unknown, expected: ReturnType<typeof readReport>][] = [
    [
      "a whole one",
      {
        streams: [
          { codec_type: "audio", codec_name: "pcm_mulaw", bit_rate: "64000" },
          { ...video, codec_name: "hevc", avg_frame_rate: "30000/1001", bit_rate: "2000000" },
        ],
      },
      { codec: "h265", width: 1920, height: 1080, fps: 29.97, bitrate: 2_000_000, audioCodec: "pcmu" },
    ],
    [
      "unknown rates",
      { streams: [{ ...video, avg_frame_rate: "0/0", bit_rate: "N/A" }] },
      { codec: "h264", width: 1920, height: 1080 },
    ],
    [
      "a second track with the picture",
      {
        streams: [
          { ...video, width: 0 },
          { ...video, width: 640, height: 480 },
        ],
      },
      { codec: "h264", width: 640, height: 480 },
    ],
    ["no picture came", { streams: [{ ...video, width: 0, height: 0 }] }, "finds h264, but no picture came"],
    ["no size at all", { streams: [{ codec_type: "video" }] }, "finds a video track, but no picture came"],
    [
      "a size that no picture has",
      { streams: [{ ...video, width: 1e9 }] },
      "finds h264, but no picture came",
    ],
    ["audio", { streams: [{ codec_type: "audio", codec_name: "aac" }] }, "finds no video (aac only)"],
    ["data", { streams: [{ codec_type: "data" }] }, "finds no video (other data only)"],
    ["nothing", { streams: [] }, "finds nothing"],
    ["no streams", {}, "answers something that cannot be read"],
    ["a strange codec", { streams: [{ ...video, codec_name: "<b>" }] }, { width: 1920, height: 1080 }],
    [
      "a codec of JavaScript's own",
      { streams: [{ ...video, codec_name: "constructor" }] },
      { codec: "constructor", width: 1920, height: 1080 },
    ],
  ];
  for (const [what, report, expected] of reports) {
    it(what, () => assert.deepEqual(readReport(JSON.stringify(report)), expected));
  }

  for (const text of ["", "{", "null", "[]", '{"streams":{}}', '{"streams":[null]}', "x".repeat(60_000)]) {
    it(`garbage: ${text.slice(0, 20)}`, () => {
      assert.equal(readReport(text), "answers something that cannot be read");
    });
  }
});
