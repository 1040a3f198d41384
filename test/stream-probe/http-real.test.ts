import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import type { Media } from "../../contracts/check";
import { ffprobe } from "../support/ffprobe";
import { FfmpegServer } from "../support/ffmpeg-server";
import { UstreamerCamera } from "../support/mjpeg-camera";
import { needs } from "../support/needs";
import { Nginx } from "../support/nginx";
import { probe } from "../support/probing";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

// ffmpeg leaves a variant without a bit rate out of its master playlist
const H264 = "-pix_fmt yuv420p -b:v 200k -c:v libx264 -preset ultrafast -tune zerolatency -g 10";
const H265 =
  "-pix_fmt yuv420p -b:v 200k -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=10";
const LIVE = "-f hls -hls_time 1 -hls_list_size 3 -hls_flags delete_segments";

/** What the probe sees, without what ffprobe has no word for. */
async function seen(url: string): Promise<Media> {
  const result = await probe(url, { level: "media", timeoutMs: 10_000 });
  assert.ok("reason" in result);
  assert.equal(`${result.reason}: ${result.message}`, "ok: HTTP 200");
  const { keyframe, bitrate, ...media } = result.media ?? {};
  assert.ok(keyframe !== false && bitrate !== 0);
  return media;
}

describe("facts of real pictures over HTTP, as ffprobe sees them", needs("ffmpeg", "ffprobe"), () => {
  const live: [name: string, args: string][] = [
    ["H.264 in MPEG-TS", `${H264} -c:a aac ${LIVE}`],
    ["H.265 in fragmented MP4", `-an ${H265} -tag:v hvc1 ${LIVE} -hls_segment_type fmp4`],
  ];
  for (const [name, args] of live) {
    it(`HLS: ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const server = new FfmpegServer(folder);
      t.after(() => server.stop());
      const url = await server.start();
      server.write(`${args} -master_pl_name master.m3u8 media.m3u8`);
      // ffmpeg writes the master playlist after the first segment, and the media playlist before it
      await until(() => existsSync(path.join(folder, "master.m3u8")));
      const expected = await ffprobe(`${url}/media.m3u8`);
      assert.equal(expected.width, 320);
      assert.deepEqual(await seen(`${url}/media.m3u8`), expected);
      assert.deepEqual(await seen(`${url}/master.m3u8`), expected);
    });
  }

  it("HLS behind nginx", needs("nginx"), async (t) => {
    const folder = temporaryFolder(t);
    const server = new FfmpegServer(folder);
    t.after(() => server.stop());
    server.write(`${H264} -c:a aac ${LIVE} media.m3u8`);
    const nginx = new Nginx(folder);
    t.after(() => nginx.stop());
    const url = await nginx.start();
    await until(() => existsSync(path.join(folder, "media.m3u8")));
    assert.deepEqual(await seen(`${url}/media.m3u8`), await ffprobe(`${url}/media.m3u8`));
    const missing = await probe(`${url}/none.m3u8`, { level: "media" });
    assert.deepEqual("reason" in missing && [missing.reason, missing.message], ["wrong_path", "HTTP 404"]);
  });

  const outputs = {
    "h264.ts": { type: "video/mp2t", args: `${H264} -c:a aac -f mpegts pipe:1` },
    "h265.ts": { type: "video/mp2t", args: `-an ${H265} -f mpegts pipe:1` },
    "h264.mp4": {
      type: "video/mp4",
      args: `${H264} -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof -f mp4 pipe:1`,
    },
    "h264.flv": { type: "video/x-flv", args: `${H264} -c:a aac -f flv pipe:1` },
    "vp8.webm": { type: "video/webm", args: "-an -c:v libvpx -deadline realtime -f webm pipe:1" },
    "jpeg.mjpg": {
      type: "multipart/x-mixed-replace;boundary=ffmpeg",
      args: "-an -c:v mjpeg -f mpjpeg pipe:1",
    },
  };
  for (const name of Object.keys(outputs)) {
    it(`in one piece: ${name}`, async (t) => {
      const server = new FfmpegServer(temporaryFolder(t), outputs);
      t.after(() => server.stop());
      const url = `${await server.start()}/run/${name}`;
      const { fps: expectedRate, ...expected } = await ffprobe(url);
      const { fps, ...media } = await seen(url);
      assert.deepEqual(media, expected);
      // ffprobe takes a stream of JPEG for 25 a second; ours is measured, and a live stream's may not be there yet
      if (!name.startsWith("jpeg") && fps !== undefined) assert.equal(fps, expectedRate);
    });
  }

  it("MJPEG: µStreamer", needs("ustreamer"), async (t) => {
    const camera = new UstreamerCamera();
    t.after(() => camera.stop());
    const { url } = await camera.start();
    const { width, height } = await ffprobe(url);
    for (const address of [url, url.replace("/stream", "/snapshot")]) {
      const media = await seen(address);
      assert.deepEqual([media.codec, media.width, media.height], ["mjpeg", width, height]);
    }
  });
});
