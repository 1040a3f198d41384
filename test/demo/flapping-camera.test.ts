import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { DeadCamera, FlappingCamera, listen, LOOPBACK, RtspCamera } from "../../demo/cameras";
import { RtspClient } from "../support/rtsp-client";

/** Time that passes when the test says so. Knows one timer, as the camera has no more. */
class OneTimer {
  delayMs?: number;
  private callback?: () => void;
  now = () => 0;
  elapsed = () => 0;

  setTimeout(callback: () => void, delayMs: number): void {
    this.callback = callback;
    this.delayMs = delayMs;
  }

  clearTimeout(): void {
    this.callback = this.delayMs = undefined;
  }

  /** Lets the timer run out and waits until another one is set. */
  async pass(): Promise<void> {
    const callback = this.callback;
    this.clearTimeout();
    callback?.();
    while (this.delayMs === undefined) await new Promise(setImmediate);
  }
}

const isUp = async (url: string) => {
  try {
    (await RtspClient.connect(url)).close();
    return true;
  } catch {
    return false;
  }
};

describe("cameras that are not always there", () => {
  it("one that flaps is up and down by turns, on the same port", async (t) => {
    const clock = new OneTimer();
    const camera = new FlappingCamera(new RtspCamera({ streams: [{ path: "/live" }] }), {
      upMs: 60_000,
      downMs: 30_000,
      clock,
    });
    const { url } = await camera.start();
    t.after(() => camera.stop());
    assert.deepEqual([await isUp(url), clock.delayMs], [true, 60_000]);
    await clock.pass();
    assert.deepEqual([await isUp(url), clock.delayMs], [false, 30_000]);

    const occupant = createServer();
    await listen(occupant, Number(new URL(url).port), LOOPBACK);
    await clock.pass();
    assert.equal(clock.delayMs, 1000, "its port is taken: it tries again");
    await new Promise((resolve) => occupant.close(resolve));
    await clock.pass();
    assert.deepEqual([await isUp(url), clock.delayMs], [true, 60_000]);

    await camera.stop();
    assert.deepEqual([await isUp(url), clock.delayMs], [false, undefined]);
  });

  it("one that is dead refuses connections", async () => {
    const { url } = await new DeadCamera("/cam").start();
    assert.match(url, /^rtsp:\/\/127\.0\.0\.1:2\d{4}\/cam$/);
    await assert.rejects(RtspClient.connect(url), { code: "ECONNREFUSED" });
  });
});
