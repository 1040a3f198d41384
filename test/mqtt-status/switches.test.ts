import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Switches } from "../../nodes/mqtt-status/switches";
import { FakeClock } from "../support/fake-clock";

const gate = { name: "Gate", enabled: true };

function switchesOf() {
  const clock = new FakeClock();
  const switches = new Switches(clock);
  return { clock, switches, enabled: () => switches.enabledOf(gate) };
}

describe("what commands have switched", () => {
  it("counts until it is shown, also between the answer and that", () => {
    const { switches, enabled } = switchesOf();
    assert.equal(enabled(), true);
    switches.begin("Gate", false);
    switches.begin("Gate", true);
    switches.begin("Gate", false);
    switches.shown([{ ...gate, enabled: false }]);
    assert.equal(enabled(), false, "two more are on their way");
    for (let i = 0; i < 3; i++) switches.answered("Gate", false);
    assert.equal(enabled(), false);
    switches.shown([gate, { ...gate, name: "Yard" }]);
    assert.equal(enabled(), false, "what is shown is older");
    switches.shown([{ ...gate, enabled: false }]);
    assert.equal(enabled(), true);
  });

  it("is given up when it is refused, when nobody answers, and when it is never shown", () => {
    const { clock, switches, enabled } = switchesOf();
    switches.begin("Gate", false);
    switches.answered("Gate", true);
    assert.equal(enabled(), true);
    switches.begin("Gate", false);
    clock.pass(29_999);
    assert.equal(enabled(), false);
    clock.pass(1);
    assert.equal(enabled(), true);
    switches.begin("Gate", false);
    switches.answered("Gate", false);
    clock.pass(1999);
    assert.equal(enabled(), false);
    clock.pass(1);
    assert.equal(enabled(), true);
    switches.answered("Gate", false);
  });
});
