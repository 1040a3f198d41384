import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../../contracts/reasons";
import { Flapping } from "../../nodes/stream-probe/flapping";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

const MINUTE = 60_000;

describe("a flapping stream", () => {
  const states = (probing: FakeProbing) =>
    probing.states
      .splice(0)
      .flatMap((list) => list.map(({ state, flapping, flaps }) => [state, flapping, flaps]));

  async function turn(probing: FakeProbing, ...reasons: Reason[]): Promise<void> {
    for (const reason of reasons) {
      probing.answers.set("/a", reason);
      await probing.clock.advance(2 * MINUTE);
    }
  }

  it("is told with the fourth change in half an hour, with each further one, and when it is calm", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(MINUTE);
    states(probing);
    await turn(probing, "timeout", "ok", "wrong_path");
    assert.deepEqual(states(probing), []);
    await turn(probing, "ok");
    assert.deepEqual(states(probing), [["up", true, 4]]);
    await turn(probing, "timeout");
    assert.deepEqual(states(probing), [["down", true, 5]]);
    await turn(probing, "ok");
    assert.deepEqual(states(probing), [["up", true, 6]]);
    await probing.clock.advance(25 * MINUTE);
    assert.deepEqual(states(probing), []);
    await probing.clock.advance(4 * MINUTE);
    assert.deepEqual(states(probing), [["up", undefined, undefined]]);
  });

  it("does not flap when it goes from bad to worse and back, or only now and then", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await turn(probing, "ok", "wrong_path", "timeout", "wrong_path", "timeout", "wrong_path", "timeout");
    for (const reason of ["ok", "timeout", "ok", "timeout", "ok"] as const) {
      await turn(probing, reason);
      await probing.clock.advance(10 * MINUTE);
    }
    assert.ok(!probing.states.flat().some(({ flapping }) => flapping));
  });

  it("still flaps when its entry is changed, and no more when it is paused", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await turn(probing, "ok", "timeout", "ok", "timeout", "ok");
    states(probing);
    probing.engine.setStreams([stream("a", { heartbeat_seconds: 30 })], monitorSettings());
    await probing.clock.advance(200);
    assert.deepEqual(states(probing), [["up", true, 4]]);
    probing.engine.setPauses({ all: true, names: [] });
    await probing.clock.advance(200);
    assert.deepEqual(states(probing), [["paused", undefined, undefined]]);
  });

  it("remembers no more than a hundred changes", () => {
    const flapping = new Flapping();
    for (let at = 0; at < 1000; at++) flapping.record(at);
    assert.deepEqual([flapping.active, flapping.count], [true, 100]);
  });

  it("forgets changes that are to come, as after the clock was set back", () => {
    const flapping = new Flapping();
    for (let n = 0; n < 4; n++) flapping.record(1e9 + n);
    assert.equal(flapping.update(5), true);
    assert.deepEqual([flapping.active, flapping.count], [false, 0]);
  });
});
