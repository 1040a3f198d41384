import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import Database from "better-sqlite3";
import { withCredentials } from "../../demo/cameras";
import { GstCamera } from "../support/gst-camera";
import { UstreamerCamera } from "../support/mjpeg-camera";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { ProductUnderTest } from "./support";

const HEARTBEAT_MS = 2000;
/** Second look a second later at most, and room for a machine that has other work. */
const CONFIRM_MS = 1000 + 5000;

describe("the product with real cameras", needs("gst-rtsp-server", "ustreamer"), () => {
  const credentials = { username: "viewer", password: "s3cr3t/pässword" };
  const open = new GstCamera();
  const guarded = new GstCamera({ credentials });
  const mjpeg = new UstreamerCamera();
  let product: ProductUnderTest;
  let config: { heartbeat_seconds: number; streams: { name: string; url: string }[] };

  before(async () => {
    const [openUrl, guardedUrl, mjpegUrl] = (
      await Promise.all([open.start(), guarded.start(), mjpeg.start()])
    ).map(({ url }) => url) as [string, string, string];
    config = {
      heartbeat_seconds: HEARTBEAT_MS / 1000,
      streams: [
        { name: "Gate", url: openUrl },
        { name: "Garage", url: withCredentials(guardedUrl, credentials) },
        {
          name: "Garage, wrong password",
          url: withCredentials(guardedUrl, { username: "viewer", password: "wrong" }),
        },
        { name: "Garage, no password", url: guardedUrl },
        { name: "Attic, wrong path", url: openUrl.replace("/live", "/nowhere") },
        { name: "Küche/1", url: mjpegUrl },
      ],
    };
    product = await ProductUnderTest.start(config);
  });
  after(async () => {
    await product?.stop();
    await Promise.all([open.stop(), guarded.stop(), mjpeg.stop()]);
  });

  it("says of each what is the matter", async () => {
    const expected: Record<string, [state: string, reason: string, message: string]> = {
      Gate: ["up", "ok", "RTSP 200"],
      Garage: ["up", "ok", "RTSP 200"],
      "Garage, wrong password": ["degraded", "auth_failed", "RTSP 401 Unauthorized"],
      "Garage, no password": ["degraded", "auth_required", "RTSP 401 Unauthorized"],
      "Attic, wrong path": ["degraded", "wrong_path", "RTSP 404 Not Found"],
      "Küche/1": ["up", "ok", "HTTP 200"],
    };
    for (const [name, [state, reason, message]] of Object.entries(expected)) {
      await until(async () => (await product.stream(name)).state === state);
      const answer = await product.stream(name);
      assert.deepEqual([name, answer.reason, answer.last?.message], [name, reason, message]);
    }
  });

  it("knows what the picture consists of", async () => {
    await until(async () => (await product.stream("Gate")).media !== null);
    const { media } = await product.stream("Gate");
    assert.deepEqual([media?.codec, media?.width, media?.height, media?.fps], ["h264", 320, 240, 10]);
  });

  it("answers /api/status as v2.2 did", async () => {
    const status =
      await product.api<Record<string, { status: string; ts: string; latency: number }>>("api/status");
    assert.deepEqual(
      Object.entries(status).map(([name, { status }]) => `${name}: ${status}`),
      [
        "Attic, wrong path: ok",
        "Garage: ok",
        "Garage, no password: ok",
        "Garage, wrong password: ok",
        "Gate: ok",
        "Küche/1: ok",
      ],
    );
    assert.match(status.Gate?.ts ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    assert.ok(Number.isInteger(status.Gate?.latency));
  });

  it("sees a camera that is killed within heartbeat and confirmation, and its return", async () => {
    const upSince = (await product.stream("Gate")).since;
    await open.stop();
    const killedAt = Date.now();
    const down = await product.untilState("Gate", "down");
    assert.equal(down.reason, "connect_refused");
    assert.ok(down.since - killedAt <= HEARTBEAT_MS + CONFIRM_MS, `seen after ${down.since - killedAt} ms`);
    await open.start();
    const up = await product.untilState("Gate", "up");
    assert.ok(up.since > down.since);

    const transitions = () => {
      const db = new Database(path.join(product.dataDir, "streams.db"), { readonly: true });
      try {
        const sql = `SELECT at FROM transitions JOIN streams ON streams.id = transitions.stream
                     WHERE streams.name = 'Gate' ORDER BY seq`;
        return db.prepare<[], { at: number }>(sql).all();
      } finally {
        db.close();
      }
    };
    await until(() => transitions().length >= 3);
    assert.deepEqual(
      transitions().map(({ at }) => at),
      [upSince, down.since, up.since],
    );
  });

  it("takes a change of config.yaml within seconds, and keeps the last good one", async () => {
    product.writeConfig({
      ...config,
      streams: [...config.streams, { name: "New", url: config.streams[0]?.url }],
    });
    await product.untilState("New", "up");
    product.writeConfig({ ...config, streams: [{ name: "Other", url: "ftp://nowhere" }, ...config.streams] });
    await until(async () => !("New" in (await product.api<object>("api/status"))));
    const { parts } = await product.api<{ parts: { config: { problems: string[] } } }>("healthz");
    assert.match(
      parts.config.problems[0] ?? "",
      /config\.yaml:1:\d+: streams\[0\].*must begin with rtsp:\/\//,
    );
    assert.equal((await product.stream("Gate")).state, "up");
  });
});
