import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MjpegCamera, withCredentials } from "../../demo/cameras";
import { signIn } from "../runtime/support";
import { difference, LiveViewer, ownFfmpegs, sizeOf } from "../stream-preview/support";
import { GstCamera } from "../support/gst-camera";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { PASSWORD, ProductUnderTest } from "./support";

describe("pictures of the product", needs("gst-rtsp-server", "ffmpeg"), () => {
  const credentials = { username: "viewer", password: "s3cr3t/pässword" };
  const rtsp = new GstCamera({ credentials });
  const mjpeg = new MjpegCamera();
  let product: ProductUnderTest;
  let gui: string;
  let cookie: string;
  let config: Record<string, unknown>;

  before(async () => {
    const [rtspUrl, mjpegUrl] = (await Promise.all([rtsp.start(), mjpeg.start()])).map(({ url }) => url) as [
      string,
      string,
    ];
    config = {
      heartbeat_seconds: 2,
      probe: { media_seconds: 2, max_per_host: 1 },
      streams: [
        { name: "Gate", url: withCredentials(rtspUrl, credentials) },
        { name: "Küche/1", url: mjpegUrl.replace("127.0.0.1", "localhost") },
        { name: "dead", url: "rtsp://192.0.2.1/", enabled: false },
      ],
    };
    product = await ProductUnderTest.start(config);
    gui = product.running.addresses.gui;
    await product.untilState("Gate", "up");
    await product.untilState("Küche/1", "up");
    cookie = await signIn(gui, PASSWORD);
  });
  after(async () => {
    await product?.stop();
    await Promise.all([rtsp.stop(), mjpeg.stop()]);
  });

  const get = (path: string) => fetch(`${gui}${path}`, { headers: { cookie } });

  it("are shown to who is signed in, on the dashboard's port alone", async () => {
    for (const path of ["preview/Gate", "snapshot/Gate.jpg"]) {
      assert.equal((await fetch(`${gui}${path}`)).status, 401);
      assert.equal((await fetch(`${product.running.addresses.api}${path}`)).status, 404);
      assert.equal((await fetch(`${product.running.addresses.editor}${path}`)).status, 401);
    }
  });

  it("move, and the probe leaves the camera's place to who looks", async () => {
    const viewer = new LiveViewer(`${gui}preview/Gate?seconds=60`, true, { cookie });
    const pictures = await viewer.see(6);
    assert.equal(sizeOf(pictures[0] as Buffer), "320x240");
    assert.ok(difference(pictures[0] as Buffer, pictures[5] as Buffer) > 0.3);
    const pid = product.running.product.pid as number;
    assert.equal(ownFfmpegs(pid).length, 1);
    // the media level is due each two seconds, and the camera has one place
    const at = (await product.stream("Gate")).last?.at ?? 0;
    const levels = new Set<string | undefined>();
    await until(async () => {
      const { last } = await product.stream("Gate");
      if ((last?.at ?? 0) > at + 1000) levels.add(last?.level);
      return (last?.at ?? 0) > at + 7000;
    });
    assert.deepEqual([...levels], ["handshake"]);
    viewer.leave();
    await until(() => ownFfmpegs(pid).length === 0);
    await until(async () => (await product.stream("Gate")).last?.level === "media");
    assert.equal((await product.stream("Gate")).state, "up");
  });

  it("are had one by one, whatever the stream is called", async () => {
    const response = await get("snapshot/K%C3%BCche%2F1.jpg?width=160");
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "image/jpeg"]);
    assert.match(sizeOf(Buffer.from(await response.arrayBuffer())), /^160x/);
    const viewer = new LiveViewer(`${gui}preview/K%C3%BCche%2F1`, true, { cookie });
    await viewer.see(3);
    viewer.leave();
    const refused = await get("snapshot/dead.jpg");
    assert.equal(refused.status, 409);
    const { error } = (await refused.json()) as { error: { code: string } };
    assert.equal(error.code, "paused");
    assert.equal((await get("preview/nobody")).status, 404);
  });

  it("end with the session", async () => {
    const other = await signIn(gui, PASSWORD);
    const viewer = new LiveViewer(`${gui}preview/K%C3%BCche%2F1?keep=1`, true, { cookie: other });
    await viewer.see(1);
    await fetch(`${gui}logout`, {
      method: "POST",
      redirect: "manual",
      headers: { cookie: other, origin: new URL(gui).origin },
    });
    await until(() => viewer.over);
  });

  it("show no password", () => {
    assert.ok(!product.running.output().includes("s3cr3t"));
  });

  it("of a monitor that was stopped by hand are still there, and /healthz says so with 200", async () => {
    product.writeConfig({ ...config, services: { monitor: { stopped: true } } });
    await product.untilState("Gate", "unknown");
    const { health, status } = await until(async () => {
      const response = await fetch(`${product.running.addresses.api}healthz`);
      const health = (await response.json()) as {
        reasons: string[];
        parts: { probe: { running: boolean; details: { stopped: boolean; runningSince: number | null } } };
      };
      return health.parts.probe.details.stopped && { health, status: response.status };
    });
    assert.equal(status, 200);
    assert.match(health.reasons.join(), /the monitor was stopped by hand/);
    const { parts } = health;
    assert.deepEqual(
      [parts.probe.running, parts.probe.details.stopped, parts.probe.details.runningSince],
      [true, true, null],
    );
    assert.equal((await get("snapshot/Gate.jpg?max_age=0")).status, 200);
    product.writeConfig(config);
    await product.untilState("Gate", "up");
  });
});
