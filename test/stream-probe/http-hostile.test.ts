import assert from "node:assert/strict";
import { once } from "node:events";
import path from "node:path";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { HOSTILE_CAMERAS } from "../fakes/hostile-http-cameras";
import { probe } from "../support/probing";
import { withCamera } from "../support/scripted-camera";

/** Beyond the time limit of a probe, on a loaded machine. */
const GRACE_MS = 250;
const PROBES_OF_EACH = 4;

describe("hostile cameras over HTTP", () => {
  for (const { name, script, path = "/video", expected, timeoutMs = 10_000 } of HOSTILE_CAMERAS) {
    it(`${name}: ${expected}`, () =>
      withCamera(script, async (camera) => {
        const began = performance.now();
        const result = await probe(camera.url(path, "http://"), { level: "media", timeoutMs });
        assert.ok(performance.now() - began < timeoutMs + GRACE_MS);
        assert.equal("reason" in result && `${result.reason}: ${result.message}`, expected);
      }));
  }

  it("keep none waiting at handshake level either", async () => {
    for (const { script, timeoutMs = 10_000 } of HOSTILE_CAMERAS) {
      await withCamera(script, async (camera) => {
        const began = performance.now();
        await probe(camera.url("/video", "http://"), { timeoutMs });
        assert.ok(performance.now() - began < timeoutMs + GRACE_MS);
      });
    }
  });

  it("grow this side by less than 1 MB each, many at once", async () => {
    const worker = new Worker(path.join(__dirname, "../support/hostile-cameras-worker.js"));
    const [urls] = (await once(worker, "message")) as [string[]];
    const before = held();
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, held() - before)), 5);
    try {
      const probes = Array.from({ length: PROBES_OF_EACH }, () => urls).flat();
      await Promise.all(probes.map((url) => probe(url, { level: "media", timeoutMs: 3000 })));
      assert.ok(most / probes.length < 1_000_000, `grew by ${most} bytes for ${probes.length} probes`);
    } finally {
      clearInterval(timer);
      worker.postMessage("stop");
      await once(worker, "exit");
    }
  });
});

/** Bytes that this thread holds, garbage included. */
function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
