import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

const ONE_VIEWER = monitorSettings(20, { max_per_host: 1, media_seconds: 60 });

/** Two streams of one host that has one place for viewers, seen and up. */
async function camera(): Promise<FakeProbing> {
  const probing = new FakeProbing();
  probing.answers.set("/a", () => Promise.resolve({ level: "media" }));
  const url = "rtsp://cam.test/";
  probing.begin([stream("a", { url: `${url}a` }), stream("b", { url: `${url}b` })], ONE_VIEWER);
  await probing.clock.advance(60_000);
  probing.told();
  probing.probes.length = 0;
  return probing;
}

const levels = (probing: FakeProbing) => new Set(probing.probes.map(({ request }) => request.level));

describe("while somebody watches", () => {
  it("his place is not taken, and the heartbeats go on", async () => {
    const probing = await camera();
    probing.engine.setWatched("a", true);
    await probing.clock.advance(180_000);
    assert.deepEqual([...levels(probing)], ["handshake"]);
    assert.ok(probing.probes.length >= 17, String(probing.probes.length));
    // what a person watches is no fault of the settings
    assert.equal(probing.engine.statistics().mediaLate, 0);
    probing.engine.setWatched("a", false);
    await probing.clock.advance(40_000);
    assert.ok(levels(probing).has("media"));
  });

  it("a stream that dies is found down all the same", async () => {
    const probing = await camera();
    probing.engine.setWatched("b", true);
    probing.answers.set("/a", "connect_refused");
    await probing.clock.advance(22_000);
    assert.deepEqual(probing.told(), ["a: up→down connect_refused"]);
  });

  it("a stream whose picture is in doubt waits for a place, and is not hammered meanwhile", async () => {
    const probing = await camera();
    probing.answers.set("/a", () => Promise.resolve({ reason: "no_media", level: "media" }));
    await probing.clock.advance(60_000);
    probing.told();
    probing.answers.set("/a", () => Promise.resolve({ reason: "ok", level: "handshake" }));
    probing.engine.setWatched("b", true);
    probing.probes.length = 0;
    await probing.clock.advance(120_000);
    assert.ok(probing.probes.length <= 13, String(probing.probes.length));
    assert.deepEqual(probing.told(), []);
  });

  it("twice the same is once, and who says nothing more for five minutes is gone", async () => {
    const probing = await camera();
    probing.engine.setWatched("a", true);
    await probing.clock.advance(200_000);
    probing.engine.setWatched("a", true);
    await probing.clock.advance(290_000);
    assert.deepEqual([...levels(probing)], ["handshake"]);
    await probing.clock.advance(60_000);
    assert.ok(levels(probing).has("media"));
  });

  it("a session ends with its stream, and one of a stream that is not there is none", async () => {
    const probing = await camera();
    probing.engine.setWatched("nobody", true);
    probing.engine.setWatched("b", true);
    probing.engine.setStreams([stream("a", { url: "rtsp://cam.test/a" })], ONE_VIEWER);
    await probing.clock.advance(120_000);
    assert.ok(levels(probing).has("media"));
    probing.engine.stop();
    assert.equal(probing.clock.pending, 0);
  });
});
