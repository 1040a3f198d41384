import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { withCredentials } from "../../demo/cameras";
import { FfmpegServer } from "../support/ffmpeg-server";
import { GstCamera } from "../support/gst-camera";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { difference, isAlive, LiveViewer, ownFfmpegs, PreviewNode, processesWith, sizeOf } from "./support";

describe("live pictures by ffmpeg", needs("ffmpeg"), () => {
  it(
    "move, one process for three viewers, and it goes with the last of them",
    needs("gst-rtsp-server"),
    async (t) => {
      const camera = new GstCamera();
      t.after(() => camera.stop());
      const preview = await PreviewNode.start(t);
      await preview.setStreams({ gate: (await camera.start()).url });
      const viewers = [1, 2, 3].map(() => new LiveViewer(preview.url("/preview/gate?keep=1")));
      for (const viewer of viewers) await viewer.see(5);
      const pids = ownFfmpegs();
      assert.equal(pids.length, 1);
      const [first, , , , fifth] = viewers[0]?.pictures as Buffer[];
      const moved = difference(first as Buffer, fifth as Buffer);
      assert.ok(moved > 0.3, String(moved));
      viewers[0]?.leave();
      viewers[1]?.leave();
      await viewers[2]?.see((viewers[2]?.pictures.length ?? 0) + 2);
      assert.deepEqual(ownFfmpegs(), pids);
      viewers[2]?.leave();
      await until(() => !isAlive(pids[0] as number));
      await until(() => preview.sessions.length === 2);
      assert.deepEqual(preview.sessions, ["+gate", "-gate"]);
    },
  );

  for (const codec of ["h265", "mjpeg"] as const) {
    it(`come of a real ${codec} camera over RTSP`, needs("gst-rtsp-server"), async (t) => {
      const camera = new GstCamera({ codec });
      t.after(() => camera.stop());
      const preview = await PreviewNode.start(t);
      await preview.setStreams({ gate: (await camera.start()).url });
      const viewer = new LiveViewer(preview.url("/preview/gate"));
      assert.equal(sizeOf((await viewer.see(2))[1] as Buffer), "320x240");
      viewer.leave();
    });
  }

  it(
    "come behind digest credentials that no list of processes shows",
    needs("gst-rtsp-server"),
    async (t) => {
      const credentials = { username: "viewer", password: "s3cr3t/pässword" };
      const camera = new GstCamera({ credentials });
      t.after(() => camera.stop());
      const preview = await PreviewNode.start(t);
      const { url } = await camera.start();
      await preview.setStreams({ gate: withCredentials(url, credentials) });
      const viewer = new LiveViewer(preview.url("/preview/gate?keep=1"));
      await viewer.see(2);
      const pids = ownFfmpegs();
      assert.equal(pids.length, 1);
      const lines = processesWith("ffmpeg").filter(({ pid }) => pids.includes(pid));
      assert.equal(lines.length, 1);
      assert.deepEqual(
        lines.filter(({ commandLine }) => /s3cr3t|viewer/.test(commandLine)),
        [],
      );
      const environment = readFileSync(`/proc/${pids[0]}/environ`, "latin1");
      assert.ok(!/s3cr3t/.test(environment));
      viewer.leave();
      await until(() => !isAlive(pids[0] as number));
    },
  );

  it("come of HLS, MPEG-TS and MP4 over HTTP, as fast as they were taken", async (t) => {
    const folder = temporaryFolder(t);
    const server = new FfmpegServer(folder, {
      ts: { type: "video/mp2t", args: "-c:v libx264 -g 10 -f mpegts pipe:1" },
    });
    t.after(() => server.stop());
    const base = await server.start();
    server.write("-c:v libx264 -g 10 -f hls -hls_time 1 -hls_list_size 4 live.m3u8");
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ hls: `${base}/live.m3u8`, ts: `${base}/run/ts` });
    await until(async () => (await fetch(`${base}/live.m3u8`)).ok);
    for (const name of ["hls", "ts"]) {
      const viewer = new LiveViewer(preview.url(`/preview/${name}`));
      const pictures = await viewer.see(4);
      const moved = difference(pictures[0] as Buffer, pictures[3] as Buffer);
      assert.ok(moved > 0.1, `${name}: ${moved}`);
      viewer.leave();
    }
  });
});
