import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { MjpegCamera } from "../../demo/cameras";
import { fakeProgram } from "../support/fake-program";
import { jpeg, media } from "../support/media";
import { needs } from "../support/needs";
import { answering, ScriptedCamera } from "../support/scripted-camera";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { LiveViewer, PreviewNode, refusal, sizeOf } from "./support";

async function camera(t: TestContext) {
  const mjpeg = new MjpegCamera({ fps: 10 });
  t.after(() => mjpeg.stop());
  return (await mjpeg.start()).url;
}

/** A camera that shows one and the same picture, and counts who looks. */
async function still(t: TestContext) {
  const scripted = await ScriptedCamera.start(
    answering(() =>
      Buffer.concat([
        Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n--b\r\n\r\n"),
        jpeg(),
        Buffer.from("\r\n--b\r\n\r\n"),
      ]),
    ),
  );
  t.after(() => scripted.stop());
  return scripted;
}

const transition = (stream: string, to: string, reason: string | null) => ({
  topic: "transition",
  payload: { stream, from: "up", to, reason, at: 1, previousDurationMs: 1, level: "media", seq: 1 },
});

const WITH_IMAGES = {
  mqtt: { enabled: true, host: "localhost", discovery: true },
  probe: { picture_minutes: 10 },
};

describe("a snapshot by HTTP", () => {
  it("is a JPEG that nobody may keep, and is not sent again to who has it", async (t) => {
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ "Küche/1": await camera(t) });
    const url = preview.url("/snapshot/K%C3%BCche%2F1.jpg");
    const response = await fetch(url);
    assert.equal(response.status, 200);
    const names = ["content-type", "cache-control", "x-content-type-options", "cross-origin-resource-policy"];
    assert.deepEqual(
      names.map((name) => response.headers.get(name)),
      ["image/jpeg", "no-store", "nosniff", "same-site"],
    );
    assert.match(sizeOf(Buffer.from(await response.arrayBuffer())), /^\d+x\d+$/);
    const etag = response.headers.get("etag") ?? "";
    const again = await fetch(url, { headers: { "If-None-Match": etag } });
    assert.deepEqual([again.status, (await again.arrayBuffer()).byteLength], [304, 0]);
    assert.deepEqual(preview.sessions, ["+Küche/1", "-Küche/1"]);
  });

  it("is made smaller, where ffmpeg is there", needs("ffmpeg"), async (t) => {
    const picture = media("picture.jpg");
    assert.equal(sizeOf(picture), "64x48");
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: await camera(t) });
    const whole = Buffer.from(await (await fetch(preview.url("/snapshot/gate.jpg"))).arrayBuffer());
    const width = Number(sizeOf(whole).split("x")[0]);
    assert.ok(width > 160, `${width}`);
    const small = await fetch(preview.url("/snapshot/gate.jpg?width=100"));
    assert.equal(sizeOf(Buffer.from(await small.arrayBuffer())).split("x")[0], "160");

    const without = await PreviewNode.start(t, { ffmpegPath: "/does/not/exist" });
    await without.setStreams({ gate: await camera(t) });
    const asItIs = await fetch(without.url("/snapshot/gate.jpg?width=100"));
    assert.equal(sizeOf(Buffer.from(await asItIs.arrayBuffer())).split("x")[0], String(width));
  });

  it("asks a camera once for many, and uses a preview that runs", async (t) => {
    const scripted = await still(t);
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: scripted.url("/", "http://") });
    const url = preview.url("/snapshot/gate.jpg");
    const responses = await Promise.all([1, 2, 3, 4].map(() => fetch(url)));
    assert.ok(responses.every(({ ok }) => ok));
    assert.equal(scripted.connections, 1);
    const viewer = new LiveViewer(preview.url("/preview/gate?keep=1"));
    await viewer.see(1);
    assert.ok((await fetch(`${url}?max_age=10`)).ok);
    assert.equal(scripted.connections, 2);
    viewer.leave();
  });

  it("of a stream that is known to be down is refused at once, and tried again when it is not", async (t) => {
    const scripted = await still(t);
    const preview = await PreviewNode.start(t);
    const streams = {
      gate: scripted.url("/", "http://"),
      off: { url: "rtsp://127.0.0.1:9/", enabled: false },
    };
    await preview.setStreams(streams);
    await preview.node.receive(transition("gate", "down", "unreachable"));
    await preview.node.receive(transition("nobody", "down", "unreachable"));
    const url = preview.url("/snapshot/gate.jpg");
    assert.match(await refusal(url), /^502 unreachable: There is no route to the host\. Check power/);
    assert.match(await refusal(preview.url("/snapshot/off.jpg")), /^409 paused: "off" is switched off/);
    assert.equal(scripted.connections, 0);
    // a person may look all the same
    const viewer = new LiveViewer(preview.url("/preview/gate"));
    await viewer.see(1);
    viewer.leave();
    await preview.setStreams(streams, { services: { monitor: { stopped: true } } });
    assert.ok((await fetch(url)).ok);
  });
});

describe("a request that is wrong", () => {
  const rows: [path: string, expected: string][] = [
    ["/preview/nobody", '404 stream_not_found: No stream is named "nobody".'],
    ["/snapshot/__proto__.jpg", '404 stream_not_found: No stream is named "__proto__".'],
    [
      "/preview/gate?seconds=601",
      "400 bad_parameter: The parameter seconds must be a whole number from 1 to 600.",
    ],
    [
      "/preview/gate?seconds=x",
      "400 bad_parameter: The parameter seconds must be a whole number from 1 to 600.",
    ],
    ["/preview/gate?keep=x", "400 bad_parameter: The parameter keep must be 1 or 0."],
    [
      "/snapshot/gate.jpg?width=1",
      "400 bad_parameter: The parameter width must be a whole number from 16 to 4096.",
    ],
    [
      "/snapshot/gate.jpg?max_age=-1",
      "400 bad_parameter: The parameter max_age must be a whole number from 0 to 3600.",
    ],
  ];
  for (const [path, expected] of rows) {
    it(`${path} is answered with a sentence`, async (t) => {
      const preview = await PreviewNode.start(t);
      await preview.setStreams({ gate: "rtsp://127.0.0.1:9/" });
      assert.equal(await refusal(preview.url(path)), expected);
      assert.deepEqual(preview.sessions, []);
    });
  }

  it("for the head alone asks no camera", async (t) => {
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: "rtsp://127.0.0.1:9/" });
    for (const path of ["/preview/gate?_=1", "/snapshot/gate.jpg"]) {
      const response = await fetch(preview.url(path), { method: "HEAD" });
      assert.deepEqual([response.status, await response.text()], [200, ""]);
    }
    assert.deepEqual(preview.sessions, []);
  });

  it("in a Node-RED that asks for no password is refused", async (t) => {
    const open = await PreviewNode.start(t, { red: {} });
    await open.setStreams({ gate: await camera(t) });
    const expected =
      "403 not_guarded: Pictures are shown to nobody here, because nothing asks for a password: set httpNodeAuth in Node-RED's settings.";
    for (const path of ["/preview/gate", "/snapshot/gate.jpg"])
      assert.equal(await refusal(open.url(path)), expected);
    // a wire is somebody's own doing
    const asked: Record<string, unknown> = { topic: "snapshot-image", stream: "gate" };
    await open.node.receive(asked);
    assert.equal(asked.statusCode, 200);
    const product = await PreviewNode.start(t, { red: { streampulse: { product: true } } });
    await product.setStreams({ gate: await camera(t) });
    assert.ok((await fetch(product.url("/snapshot/gate.jpg"))).ok);
  });
});

describe("the node stream-preview", () => {
  it("answers a wire with a picture, or with why there is none, and keeps the rest of the message", async (t) => {
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: await camera(t) });
    await preview.node.receive({ topic: "snapshot-image", stream: "gate", _client: "me", parameters: {} });
    await preview.node.receive({ topic: "snapshot-image", stream: "nobody" });
    await preview.node.receive({ topic: "snapshot-image" });
    const [good, unknown, none] = preview.answers;
    assert.deepEqual([good?._client, good?.topic, good?.statusCode], ["me", "snapshot-image", 200]);
    assert.ok(Buffer.isBuffer(good?.payload) && sizeOf(good.payload) !== "no picture");
    assert.deepEqual(unknown?.payload, {
      error: { code: "stream_not_found", message: 'No stream is named "nobody".' },
    });
    assert.equal(none?.statusCode, 400);
  });

  it("takes what a stream-probe and a stream-config send, and says what is wrong with anything else", async (t) => {
    const preview = await PreviewNode.start(t);
    assert.deepEqual(preview.node.statuses, [{ fill: "grey", shape: "ring", text: "waiting for streams" }]);
    for (const topic of ["outage", "states", "forget", "restart"]) await preview.node.receive({ topic });
    await assert.rejects(
      preview.node.receive({ topic: "reboot" }),
      /^Error: a message must come from an http in/,
    );
    await assert.rejects(
      preview.node.receive({ topic: "picture", stream: "a", payload: "x" }),
      /^Error: msg "picture": payload: must be a buffer$/,
    );
    await assert.rejects(preview.node.receive({ topic: "transition" }), /^Error: msg "transition": payload/);
    await assert.rejects(
      preview.node.receive({ topic: "streams", payload: 1 }),
      /must be a list of streams$/,
    );
    await preview.node.receive({ payload: [{ name: "good", url: "rtsp://h/" }, { name: "bad" }] });
    assert.deepEqual(preview.node.logger.texts("warn"), ["streams[1] is left out: url: must be text"]);
    assert.deepEqual(preview.node.statuses.at(-1), {});
  });

  it("with a wrong number in its form says so", async (t) => {
    const preview = await PreviewNode.start(t, { form: { most_at_once: "0" } });
    const text = "the number of previews must be a whole number from 1 to 32";
    assert.deepEqual(preview.node.statuses, [{ fill: "red", shape: "ring", text }]);
  });

  it("shows no more of one host than it may, nor in all", async (t) => {
    const [one, other] = [await still(t), await still(t)];
    const preview = await PreviewNode.start(t, { form: { most_at_once: "2" } });
    const url = (scripted: ScriptedCamera, path: string, host = "127.0.0.1") =>
      scripted.url(path, "http://").replace("127.0.0.1", host);
    await preview.setStreams(
      { a: url(one, "/a"), b: url(one, "/b"), c: url(other, "/c", "localhost"), d: "rtsp://192.0.2.1/" },
      { probe: { max_per_host: 1 } },
    );
    const viewers = ["a", "a"].map((name) => new LiveViewer(preview.url(`/preview/${name}?keep=1`)));
    for (const viewer of viewers) await viewer.see(1);
    const full = refusal(preview.url("/preview/b"));
    const third = new LiveViewer(preview.url("/preview/c?keep=1"));
    await third.see(1);
    const response = await fetch(preview.url("/preview/d"));
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "5"]);
    assert.match(await response.text(), /2 streams are being shown already/);
    assert.match(await full, /^503 busy: 127\.0\.0\.1 is being watched by as many as it may \(1\): /);
    // whoever waits gets the place when it is given back
    const waiting = new LiveViewer(preview.url("/preview/b?keep=1"));
    for (const viewer of viewers) viewer.leave();
    await waiting.see(1);
    waiting.leave();
    third.leave();
  });
});

describe("the pictures for Home Assistant", () => {
  const picture = (stream: string, bytes: Buffer) => ({ topic: "picture", stream, payload: bytes });

  it("are those that the probe looks at, which serve as thumbnails too", async (t) => {
    const preview = await PreviewNode.start(t, { ffmpegPath: "/does/not/exist" });
    await preview.setStreams({ gate: "rtsp://192.0.2.1/" }, WITH_IMAGES);
    await preview.node.receive(picture("gate", jpeg()));
    await preview.node.receive(picture("nobody", jpeg()));
    assert.deepEqual(preview.images, [{ topic: "snapshot-image", stream: "gate", payload: jpeg() }]);
    const thumbnail = await fetch(preview.url("/snapshot/gate.jpg?width=160"));
    assert.deepEqual(Buffer.from(await thumbnail.arrayBuffer()), jpeg());
    assert.deepEqual(preview.sessions, []);
  });

  it("and one of a stream that has come up, at most once a minute", async (t) => {
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: await camera(t), door: "rtsp://127.0.0.1:9/" }, WITH_IMAGES);
    await preview.node.receive(transition("door", "up", "ok"));
    await preview.node.receive(transition("gate", "up", "ok"));
    await until(() => preview.images.length === 1);
    assert.equal(preview.images[0]?.stream, "gate");
    await preview.node.receive(transition("gate", "down", "timeout"));
    await preview.node.receive(transition("gate", "up", "ok"));
    await preview.node.receive({ topic: "snapshot-image", stream: "gate" });
    assert.equal(preview.images.length, 1);
  });

  it("are not made where nobody wants them", async (t) => {
    const preview = await PreviewNode.start(t);
    for (const settings of [
      {},
      { ...WITH_IMAGES, probe: {} },
      { ...WITH_IMAGES, mqtt: { ...WITH_IMAGES.mqtt, discovery: false } },
      { ...WITH_IMAGES, mqtt: { ...WITH_IMAGES.mqtt, enabled: false } },
    ]) {
      await preview.setStreams({ gate: "rtsp://192.0.2.1/" }, settings);
      await preview.node.receive(picture("gate", jpeg()));
      await preview.node.receive(transition("gate", "up", "ok"));
    }
    assert.deepEqual([preview.images, preview.sessions], [[], []]);
  });
});

describe("a picture that claims to be gigantic", () => {
  it("is not unpacked", async (t) => {
    const ffmpegPath = fakeProgram(temporaryFolder(t), "ffmpeg", "note('ran')");
    const preview = await PreviewNode.start(t, { ffmpegPath });
    const bomb = jpeg({ width: 30_000, height: 30_000 });
    await preview.setStreams({ gate: "rtsp://192.0.2.1/" }, WITH_IMAGES);
    await preview.node.receive({ topic: "picture", stream: "gate", payload: bomb });
    const response = await fetch(preview.url("/snapshot/gate.jpg?width=160"));
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bomb);
    assert.ok(!existsSync(`${ffmpegPath}.notes`));
  });
});
