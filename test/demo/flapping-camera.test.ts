import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { DeadCamera, FlappingCamera, listen, LOOPBACK, RtspCamera } from "../../demo/cameras";
import { FakeClock } from "../support/fake-clock";
import { RtspClient } from "../support/rtsp-client";
import { until } from "../support/until";

const isUp = async (url: string) => {
  try {
    (await RtspClient.connect(url)).close();
    return true;
  } catch {
    return false;
  }
};

/** Lets the camera's timer run out and waits until it has set the next one. */
async function turn(clock: FakeClock): Promise<void> {
  clock.pass(clock.nextMs as number);
  await until(() => clock.nextMs !== undefined);
}

describe("cameras that are not always there", () => {
  it("one that flaps is up and down by turns, on the same port", async (t) => {
    const clock = new FakeClock();
    const camera = new FlappingCamera(new RtspCamera({ streams: [{ path: "/live" }] }), {
      upMs: 60_000,
      downMs: 30_000,
      clock,
    });
    const { url } = await camera.start();
    t.after(() => camera.stop());
    assert.deepEqual([await isUp(url), clock.nextMs], [true, 60_000]);
    await turn(clock);
    assert.deepEqual([await isUp(url), clock.nextMs], [false, 30_000]);

    const occupant = createServer();
    await listen(occupant, Number(new URL(url).port), LOOPBACK);
    await turn(clock);
    assert.equal(clock.nextMs, 1000, "its port is taken: it tries again");
    await new Promise((resolve) => occupant.close(resolve));
    await turn(clock);
    assert.deepEqual([await isUp(url), clock.nextMs], [true, 60_000]);

    await camera.stop();
    assert.deepEqual([await isUp(url), clock.nextMs], [false, undefined]);
  });

  it("one that is dead refuses connections", async () => {
    const { url } = await new DeadCamera("/cam").start();
    assert.match(url, /^rtsp:\/\/127\.0\.0\.1:2\d{4}\/cam$/);
    await assert.rejects(RtspClient.connect(url), { code: "ECONNREFUSED" });
  });
});
