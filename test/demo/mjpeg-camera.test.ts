import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { MjpegCamera } from "../../demo/cameras";
import { JPEGS } from "../../demo/cameras/pictures";

async function started(t: TestContext, options = {}) {
  const camera = new MjpegCamera(options);
  const { url } = await camera.start();
  t.after(() => camera.stop());
  return { camera, url };
}

describe("simulated MJPEG camera", () => {
  it("streams pictures that change, in parts of the length they say", async (t) => {
    const { url } = await started(t, { fps: 50, boundary: "--odd" });
    const [response] = (await once(get(url), "response")) as [IncomingMessage];
    t.after(() => response.destroy());
    assert.equal(response.headers["content-type"], "multipart/x-mixed-replace; boundary=--odd");
    assert.equal(response.headers["transfer-encoding"], undefined, "no chunks around the parts");
    const part = (jpeg: Buffer) =>
      Buffer.concat([
        Buffer.from(`----odd\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`),
        jpeg,
        Buffer.from("\r\n"),
      ]);
    const expected = Buffer.concat([...JPEGS, JPEGS[0] as Buffer].map(part));
    let received = Buffer.alloc(0);
    for await (const chunk of response) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= expected.length) break;
    }
    assert.deepEqual(received.subarray(0, expected.length), expected);
  });

  it("gives a single picture, and nothing else", async (t) => {
    const { url } = await started(t, { path: "/mjpg" });
    const snapshot = await fetch(new URL("/snapshot.jpg?x=1", url));
    assert.equal(snapshot.headers.get("content-type"), "image/jpeg");
    const bytes = Buffer.from(await snapshot.arrayBuffer());
    assert.ok(JPEGS.some((jpeg) => jpeg.equals(bytes)));
    assert.equal((await fetch(new URL("/video.mjpg", url))).status, 404);
    const head = await fetch(url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("allow")], [405, "GET"]);
  });

  it("stops within a second though viewers watch and never read, and comes back on the same port", async (t) => {
    const { camera, url } = await started(t, { fps: 50 });
    const [response] = (await once(get(url), "response")) as [IncomingMessage];
    response.pause();
    response.on("error", () => {});
    const closed = once(response.socket, "close");
    const start = performance.now();
    await camera.stop();
    await camera.stop();
    response.destroy();
    await closed;
    assert.ok(performance.now() - start < 1000);
    await assert.rejects(fetch(url));
    assert.deepEqual(await camera.start(), { url });
  });
});
