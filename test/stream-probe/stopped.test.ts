import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Stream } from "../../contracts/stream";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

/** Stops the monitor by hand, or starts it. */
function turn(probing: FakeProbing, streams: Stream[], stopped: boolean): void {
  probing.engine.setStreams(streams, monitorSettings(), [], stopped);
}

const lastStates = (probing: FakeProbing) =>
  Object.fromEntries(probing.states.flat().map(({ stream, state, since }) => [stream, { state, since }]));

describe("a monitor that was stopped by hand", () => {
  it("probes nothing, and says unknown without a transition", async () => {
    const probing = new FakeProbing();
    const streams = [stream("a"), stream("b", { enabled: false })];
    probing.begin(streams);
    await probing.clock.advance(30_000);
    probing.told();
    const probes = probing.probes.length;
    const stoppedAt = probing.clock.now();
    turn(probing, streams, true);
    await probing.clock.advance(600_000);
    assert.deepEqual([probing.probes.length, probing.told(), probing.outages], [probes, [], []]);
    assert.deepEqual(lastStates(probing).a, { state: "unknown", since: stoppedAt });
    assert.equal(lastStates(probing).b?.state, "paused");
    const { stopped, states } = probing.engine.statistics();
    assert.deepEqual([stopped, states.unknown, states.paused, states.up], [true, 1, 1, 0]);
  });

  it("counts no probe that was under way", async () => {
    const probing = new FakeProbing();
    probing.answers.set(
      "/a",
      () => new Promise((resolve) => probing.clock.setTimeout(() => resolve({ reason: "timeout" }), 500)),
    );
    probing.begin([stream("a")]);
    await probing.clock.advance(100);
    turn(probing, [stream("a")], true);
    await probing.clock.advance(5000);
    assert.deepEqual([probing.probes.length, probing.checks.length], [1, 0]);
  });

  it("does not check when it is told to, and says so", async () => {
    const probing = new FakeProbing();
    turn(probing, [stream("a")], true);
    probing.engine.checkNow([]);
    await probing.clock.advance(10_000);
    assert.equal(probing.probes.length, 0);
    assert.deepEqual(probing.logger.texts("warn"), ["check: the monitor is stopped, and probes nothing"]);
  });

  it("announces what has changed when it is started again, and nothing else", async () => {
    const probing = new FakeProbing();
    const streams = ["same", "still down", "broke", "mended"].map((name) => stream(name.replace(" ", "-")));
    for (const path of ["/still-down", "/mended"]) probing.answers.set(path, "connect_refused");
    probing.begin(streams);
    await probing.clock.advance(30_000);
    probing.told();
    turn(probing, streams, true);
    await probing.clock.advance(100_000);
    probing.answers.set("/broke", "timeout");
    probing.answers.set("/mended", "ok");
    probing.states.length = 0;
    const startedAt = probing.clock.now();
    turn(probing, streams, false);
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told().sort(), ["broke: up→down timeout", "mended: down→up ok"]);
    const states = lastStates(probing);
    assert.deepEqual([states.same?.state, states["still-down"]?.state], ["up", "down"]);
    // nobody looked meanwhile: it is so since the first look
    assert.ok((states.same?.since ?? 0) >= startedAt && (states["still-down"]?.since ?? 0) >= startedAt);
  });

  it("knows from the store what was confirmed before, also when the program was started in between", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/b", "timeout");
    probing.answers.set("/c", "timeout");
    const streams = ["a", "b", "c", "new"].map((name) => stream(name));
    turn(probing, streams, true);
    const before = { reason: "ok", since: 111, level: "media" } as const;
    probing.engine.restore(
      [
        { stream: "a", state: "up", ...before },
        { stream: "b", state: "down", ...before, reason: "timeout" },
        { stream: "c", state: "up", ...before },
      ],
      7,
    );
    await probing.clock.advance(5000);
    assert.deepEqual(
      probing.states.flat().map(({ stream, state }) => `${stream} ${state}`),
      ["a unknown", "b unknown", "c unknown", "new unknown"],
    );
    turn(probing, streams, false);
    await probing.clock.advance(60_000);
    // of a stream of which nothing was known there is no news either
    assert.deepEqual(probing.told(), ["c: up→down timeout"]);
    assert.equal(lastStates(probing).new?.state, "up");
  });

  it("keeps apart what was paused", async () => {
    const probing = new FakeProbing();
    const streams = [stream("a"), stream("b")];
    probing.begin(streams);
    await probing.clock.advance(1000);
    probing.told();
    turn(probing, streams, true);
    probing.engine.setPauses({ all: false, names: ["a"] });
    assert.deepEqual(probing.told(), ["a: up→paused null"]);
    probing.engine.setPauses({ all: false, names: [] });
    await probing.clock.advance(60_000);
    assert.deepEqual([probing.told(), probing.engine.statistics().states.unknown], [[], 2]);
    turn(probing, streams, false);
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told(), ["a: paused→up ok"]);
  });

  it("keeps what was known over a change of a stream's entry", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(1000);
    probing.told();
    turn(probing, [stream("a")], true);
    turn(probing, [stream("a", { heartbeat_seconds: 5 })], true);
    turn(probing, [stream("a", { heartbeat_seconds: 5 })], false);
    await probing.clock.advance(10_000);
    assert.deepEqual([probing.told(), probing.engine.statistics().states.up], [[], 1]);
  });
});
