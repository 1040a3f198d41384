import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { audioFormatOf, containerOf } from "../../../nodes/stream-probe/picture/containers";
import { media } from "../../support/media";

const seen = { width: 64, height: 48 };

/** What ffprobe says of the same files; H.265 as an RTP stream calls it. */
const files: [file: string, container: string, hasVideo: boolean, facts: object][] = [
  [
    "h264-aac.mpegts",
    "MPEG-TS",
    true,
    { codec: "h264", ...seen, fps: 10, audioCodec: "aac", keyframe: true },
  ],
  ["h265.mpegts", "MPEG-TS", true, { codec: "h265", ...seen, fps: 10, keyframe: true }],
  ["aac.mpegts", "MPEG-TS", false, { audioCodec: "aac" }],
  ["h264-aac.mp4", "MP4", true, { codec: "h264", ...seen, fps: 10, audioCodec: "aac" }],
  ["h265.mp4", "MP4", true, { codec: "h265", ...seen, fps: 10 }],
  ["h264-fragments.mp4", "MP4", true, { codec: "h264", ...seen, fps: 10 }],
  ["aac.mp4", "MP4", false, { audioCodec: "aac" }],
  ["h264-aac.flv", "FLV", true, { codec: "h264", ...seen, fps: 10, audioCodec: "aac", keyframe: true }],
  ["h264-opus.mkv", "Matroska", true, { codec: "h264", ...seen, fps: 10, audioCodec: "opus" }],
  ["vp8-live.webm", "Matroska", true, { codec: "vp8", ...seen, fps: 10 }],
  ["theora-vorbis.ogv", "Ogg", true, { codec: "theora", ...seen, fps: 10, audioCodec: "vorbis" }],
  ["vorbis.ogg", "Ogg", false, { audioCodec: "vorbis" }],
  ["mjpeg.avi", "AVI", true, { codec: "mjpeg", ...seen, fps: 10 }],
  ["h264.264", "H.264 or H.265", true, { codec: "h264", ...seen, fps: 10, keyframe: true }],
  ["picture.png", "picture", true, { codec: "png", ...seen }],
  ["picture.gif", "picture", true, { codec: "gif", ...seen }],
];

describe("containers", () => {
  for (const [file, name, hasVideo, facts] of files) {
    it(`${file}: ${JSON.stringify(facts)}`, () => {
      const bytes = media(file);
      const container = containerOf(bytes);
      assert.equal(container?.name, name);
      const contents = container.read(bytes);
      assert.equal(contents.hasVideo, hasVideo);
      assert.deepEqual(contents.media, facts);
    });
  }

  it("are known by their first 8 bytes", () => {
    for (const [file, name] of files) assert.equal(containerOf(media(file).subarray(0, 8))?.name, name, file);
  });

  it("are read wherever they break off, and never claim sound alone too early", () => {
    for (const [file, , hasVideo] of files) {
      const bytes = media(file);
      const container = containerOf(bytes);
      for (let length = 0; length < bytes.length; length += 13) {
        const contents = container?.read(bytes.subarray(0, length));
        if (hasVideo) assert.notEqual(contents?.hasVideo, false, `${file} at ${length}`);
      }
    }
  });

  it("are read whatever stands in them", () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647);
    for (const [file] of files) {
      const bytes = media(file);
      const container = containerOf(bytes);
      for (let round = 0; round < 200; round++) {
        const broken = Buffer.from(bytes);
        for (let i = 0; i < 8; i++) broken[random() % broken.length] = random() & 255;
        container?.read(broken);
      }
    }
  });
});

describe("sound alone", () => {
  const sounds: [string, string | undefined][] = [
    ["494433030000", "MP3 or AAC"],
    ["fff15080", "AAC"],
    ["fff95080", "AAC"],
    ["fffb9064", "MP3"],
    ["fff39064", "MP3"],
    ["0b771234", "AC-3"],
    ["664c6143", "FLAC"],
    ["524946460000000057415645", "WAVE"],
    ["2321414d52", "AMR"],
    ["ffd8ffe0", undefined],
    ["ffffffff", undefined],
    ["47400010", undefined],
  ];
  for (const [hex, name] of sounds) {
    it(`${hex}: ${name}`, () => assert.equal(audioFormatOf(Buffer.from(hex, "hex")), name));
  }
});
