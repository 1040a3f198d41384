import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../../common/clock";
import { parseStreamUrl } from "../../../common/stream-url";
import { MjpegCamera, RtspCamera, withCredentials } from "../../../demo/cameras";
import { JpegWalker } from "../../../common/jpeg-walker";
import type { GrabbedPicture } from "../../../nodes/stream-probe/ffmpeg/picture-grab";
import { FfmpegTools } from "../../../nodes/stream-probe/ffmpeg";
import { PICTURE, PictureWatch } from "../../../nodes/stream-probe/picture/picture-watch";
import { fakeProgram } from "../../support/fake-program";
import { GstCamera } from "../../support/gst-camera";
import { needs } from "../../support/needs";
import { temporaryFolder } from "../../support/temporary-folder";

async function grab(url: string, env: NodeJS.ProcessEnv = process.env): Promise<GrabbedPicture | string> {
  const taken = await new FfmpegTools(systemClock, env).grabPicture({
    url: parseStreamUrl(url),
    level: "media",
    timeoutMs: 10_000,
    transport: "tcp",
    tlsVerify: false,
    withholdCredentials: false,
  });
  return "grey" in taken ? taken : taken.notMade;
}

async function grabbed(url: string): Promise<Buffer> {
  const picture = await grab(url);
  assert.ok(typeof picture !== "string", picture as string);
  assert.equal(picture.grey.length, PICTURE.width * PICTURE.height);
  const walker = new JpegWalker();
  walker.add(picture.jpeg ?? Buffer.alloc(0));
  assert.equal(walker.pictures, 1);
  assert.ok((walker.facts?.width ?? 0) <= 640);
  return picture.grey;
}

/** What a watch thinks of pictures taken one after another. */
async function judged(url: string, times: number): Promise<string | undefined> {
  const watch = new PictureWatch(1000, 0);
  for (let n = 0; n < times; n++) watch.judge(await grabbed(url), n * 1000);
  return watch.bad?.reason;
}

/** Serves a film of ffmpeg's test sources as a whole. */
async function film(t: TestContext, ...source: string[]): Promise<string> {
  const encode = [
    "-frames:v",
    "50",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "10",
    "-f",
    "mpegts",
    "pipe:1",
  ];
  const bytes = execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", ...source, ...encode], {
    maxBuffer: 50_000_000,
  });
  const server = createServer((_request, response) =>
    response.writeHead(200, { "Content-Type": "video/mp2t" }).end(bytes),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.ts`;
}

const SIZE = "size=640x360:rate=10";

describe("a picture by ffmpeg", needs("ffmpeg"), () => {
  it("of RTSP and of MJPEG shows the same scene", async (t) => {
    const digest = { username: "viewer", password: "p@ss:w/rd#1" };
    const rtsp = new RtspCamera({ streams: [{ path: "/live", digest }] });
    const mjpeg = new MjpegCamera();
    t.after(() => Promise.all([rtsp.stop(), mjpeg.stop()]));
    const first = await grabbed(withCredentials((await rtsp.start()).url, digest));
    const second = await grabbed((await mjpeg.start()).url);
    const differences = first.map((value, i) => Math.abs(value - (second[i] ?? 0)));
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    assert.ok(mean < 20 && Math.max(...first) > 150, String(mean));
  });

  for (const codec of ["h264", "h265", "mjpeg"] as const) {
    it(`of a real ${codec} camera is not black`, needs("gst-rtsp-server"), async (t) => {
      const camera = new GstCamera({ codec });
      t.after(() => camera.stop());
      assert.equal(await judged((await camera.start()).url, 1), undefined);
    });
  }

  it("of a black film is black, also when it is called limited range", async (t) => {
    assert.equal(await judged(await film(t, `color=c=black:${SIZE}`), 1), "black");
  });

  it("of a dark film with the noise of a sensor is not", async (t) => {
    const source = `color=c=0x101010:${SIZE},noise=alls=20:allf=t,noise=c0s=15:c0f=t`;
    assert.equal(await judged(await film(t, source), 1), undefined);
  });

  it("of a film that begins anew each time is frozen", async (t) => {
    const url = await film(t, `testsrc=${SIZE}`);
    assert.equal(await judged(url, 2), undefined);
    assert.equal(await judged(url, 3), "frozen");
  });

  it("of the same still scene with ever new noise is not frozen", async (t) => {
    const watch = new PictureWatch(1000, 0);
    for (let n = 0; n < 3; n++) {
      const source = `smptebars=${SIZE},noise=alls=4:allf=t:all_seed=${n + 1}`;
      watch.judge(await grabbed(await film(t, source)), n);
    }
    assert.equal(watch.bad, undefined);
  });

  it("says why there is none", async () => {
    const closed = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
    assert.equal(
      await grab(`rtsp://u:s3cret@127.0.0.1:${closed}/`),
      "ffmpeg gave no picture: Connection refused",
    );
  });
});

describe("a picture by an ffmpeg that misbehaves", () => {
  const cases: [what: string, script: string, expected: string][] = [
    ["half a picture", "process.stdout.write(Buffer.alloc(100))", "ffmpeg gave no picture: code 0"],
    [
      "a flood",
      "setInterval(() => process.stdout.write(Buffer.alloc(65536)), 0)",
      "ffmpeg gave no picture (too_much)",
    ],
    ["an exit code", "process.exitCode = 7", "ffmpeg gave no picture: code 7"],
  ];
  for (const [what, script, expected] of cases) {
    it(`${what} is none`, async (t) => {
      const FFMPEG_PATH = fakeProgram(temporaryFolder(t), "ffmpeg", script);
      assert.equal(await grab("rtsp://127.0.0.1/a", { FFMPEG_PATH }), expected);
    });
  }
});
