import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { MjpegCamera, RtspCamera, withCredentials } from "../../demo/cameras";
import { GstCamera } from "../support/gst-camera";
import { UstreamerCamera } from "../support/mjpeg-camera";
import { needs } from "../support/needs";
import { RtspClient } from "../support/rtsp-client";

/** What ffprobe sees at a URL, one line a track. */
async function ffprobe(url: string): Promise<string[]> {
  const transport = url.startsWith("rtsp:") ? ["-rtsp_transport", "tcp"] : [];
  const show = ["-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0"];
  const limits = ["-v", "error", "-analyzeduration", "1000000"];
  const { stdout } = await promisify(execFile)("ffprobe", [...limits, ...transport, ...show, "-i", url], {
    timeout: 30_000,
  });
  return stdout.trim().split("\n");
}

describe("simulated cameras, seen by ffprobe", needs("ffprobe"), () => {
  it("RTSP: H.264 and audio", async (t) => {
    const camera = new RtspCamera({ streams: [{ path: "/live", audio: true }] });
    t.after(() => camera.stop());
    assert.deepEqual(await ffprobe((await camera.start()).url), ["h264,320,240", "pcm_mulaw"]);
  });

  for (const qop of [false, true]) {
    it(`RTSP: digest credentials ${qop ? "with" : "without"} qop`, async (t) => {
      const digest = { username: "viewer", password: "p@ss:w/rd", qop };
      const camera = new RtspCamera({ streams: [{ path: "/closed", digest }] });
      const { url } = await camera.start();
      t.after(() => camera.stop());
      assert.deepEqual(await ffprobe(withCredentials(url, digest)), ["h264,320,240"]);
      await assert.rejects(ffprobe(withCredentials(url, { ...digest, password: "x" })), /401 Unauthorized/);
    });
  }

  it("MJPEG", async (t) => {
    const camera = new MjpegCamera();
    t.after(() => camera.stop());
    assert.deepEqual(await ffprobe((await camera.start()).url), ["mjpeg,320,240"]);
  });
});

describe("real cameras for the tests", () => {
  it("GStreamer's RTSP server describes its stream", needs("gst-rtsp-server"), async (t) => {
    const camera = new GstCamera();
    t.after(() => camera.stop());
    const { url } = await camera.start();
    const client = await RtspClient.connect(url);
    const { status, body } = await client.ask("DESCRIBE", url, 1);
    assert.equal(status, 200);
    assert.match(body, /^a=rtpmap:96 H264\/90000/m);
    await camera.stop();
    await client.until(() => client.closed);
    assert.deepEqual(await camera.start(), { url });
  });

  it("GStreamer's RTSP server wants digest credentials", needs("gst-rtsp-server", "ffprobe"), async (t) => {
    const credentials = { username: "viewer", password: "s3cret" };
    const camera = new GstCamera({ credentials });
    t.after(() => camera.stop());
    const { url } = await camera.start();
    const client = await RtspClient.connect(url);
    t.after(() => client.close());
    const { status, headers } = await client.ask("DESCRIBE", url, 1);
    assert.equal(status, 401);
    assert.match(headers["www-authenticate"] ?? "", /^Digest /);
    assert.deepEqual(await ffprobe(withCredentials(url, credentials)), ["h264,320,240"]);
  });

  it("µStreamer streams MJPEG, to one viewer after another", needs("ustreamer", "ffprobe"), async (t) => {
    const camera = new UstreamerCamera();
    t.after(() => camera.stop());
    const { url } = await camera.start();
    assert.deepEqual(await ffprobe(url), ["mjpeg,640,480"]);
    assert.deepEqual(await ffprobe(url), ["mjpeg,640,480"]);
    await camera.stop();
    await assert.rejects(fetch(url));
  });
});
