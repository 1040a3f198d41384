import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./function-node";

describe("the PoE example", () => {
  const onAtStart = [
    [{ topic: "Front door", port: 3, attempt: 0 }, null],
    [{ topic: "Garage", port: 4, attempt: 0 }, null],
  ];

  /** The first function, some time after the start. */
  function poe() {
    const started = run("power-cycle-poe", "sp-ex-poe-decide");
    started.clock.pass(1000);
    assert.deepEqual(started.sent.splice(0), onAtStart);
    return started;
  }

  it("restarts a camera that stays down, three times a day and no more", () => {
    const { clock, sent, warnings, change } = poe();
    change("Front door", "down");
    clock.pass(179_000);
    assert.equal(sent.length, 0);
    clock.pass(1000);
    assert.deepEqual(sent, [[{ topic: "Front door", port: 3, attempt: 1 }, null]]);
    clock.pass(24 * 3600_000 - 600_000);
    assert.equal(sent.length, 4);
    assert.deepEqual(sent[3]?.[1], { topic: "Front door", payload: "Front door: restarts do not help" });
    assert.equal(warnings.length, 1);
    change("Front door", "up");
    change("Front door", "down");
    clock.pass(180_000);
    assert.equal(warnings.length, 2, "the day is not over");
    clock.pass(24 * 3600_000);
    change("Front door", "up");
    change("Front door", "down");
    clock.pass(180_000);
    assert.equal((sent.at(-1)?.[0] as { attempt: number }).attempt, 1);
  });

  it("leaves alone what comes back, what a restart cannot mend, and an outage", () => {
    const { clock, sent, change, outage } = poe();
    change("Front door", "down");
    clock.pass(60_000);
    change("Front door", "up");
    change("Garage", "degraded", { reason: "auth_failed" });
    change("No port", "down");
    clock.pass(600_000);
    assert.deepEqual(sent, []);
    change("Front door", "down");
    change("Garage", "down");
    outage("began", ["Front door", "Garage"], { kind: "subnet", host: "192.0.2.0/24" });
    clock.pass(600_000);
    assert.deepEqual(sent, []);
    change("Garage", "up");
    outage("ended", ["Front door", "Garage"], { kind: "subnet", host: "192.0.2.0/24" });
    change("Front door", "up");
    change("Garage", "down");
    outage("began", ["Garage"]);
    clock.pass(180_000);
    assert.equal(sent.length, 1, "a host with one camera is a camera");
  });

  it("restarts the camera that hangs when all others are back", () => {
    const { clock, sent, change, outage } = poe();
    for (const name of ["Front door", "Garage"]) change(name, "down");
    outage("began", ["Front door", "Garage"]);
    clock.pass(600_000);
    change("Garage", "up");
    outage("ended", ["Front door", "Garage"]);
    clock.pass(179_000);
    assert.deepEqual(sent, []);
    clock.pass(1000);
    assert.deepEqual(sent, [[{ topic: "Front door", port: 3, attempt: 1 }, null]]);
  });

  it("goes on after a deploy", () => {
    const { clock, sent, change, restart } = poe();
    change("Front door", "down");
    clock.pass(100_000);
    restart();
    clock.pass(180_000);
    assert.deepEqual(sent, [[{ topic: "Front door", port: 3, attempt: 1 }, null]]);
    restart();
    clock.pass(180_000);
    assert.deepEqual(sent[1], [{ topic: "Front door", port: 3, attempt: 2 }, null]);
  });

  const given = { topic: "Front door", port: 3, attempt: 1 };
  const requested = (enabled: boolean) => ({
    ...{ topic: "Front door", port: 3, url: "http://switch/ports/3/poe" },
    ...{ headers: { "content-type": "application/json" }, payload: { enabled } },
  });
  const switching = () => run("power-cycle-poe", "sp-ex-poe-request", { POE_URL: "http://switch" });

  it("switches a port off, and on 10 s later", () => {
    const { clock, sent, hear } = switching();
    hear(given);
    assert.deepEqual(sent, [[requested(false), null]]);
    clock.pass(9000);
    assert.equal(sent.length, 1);
    clock.pass(1000);
    assert.deepEqual(sent[1], [null, requested(true)]);
    hear({ ...requested(true), statusCode: 204, payload: "" });
    clock.pass(600_000);
    assert.equal(sent.length, 2);
  });

  it("switches all ports on when it starts and knows nothing of before", () => {
    const { clock, sent, hear, warnings } = switching();
    hear({ topic: "Front door", port: 3, attempt: 0 });
    assert.deepEqual(sent, [[null, requested(true)]]);
    clock.pass(10_000);
    assert.deepEqual(sent[1], [null, requested(true)], "no answer yet");
    hear({ ...requested(true), statusCode: 200, payload: "{}" });
    clock.pass(600_000);
    assert.equal(sent.length, 2);
    assert.deepEqual(warnings, []);
  });

  it("says that it has no address when it needs one", () => {
    const { sent, hear, warnings } = run("power-cycle-poe", "sp-ex-poe-request");
    hear({ topic: "Front door", port: 3, attempt: 0 });
    assert.deepEqual(warnings, []);
    hear(given);
    assert.deepEqual(warnings, ["set POE_URL in the properties of this tab"]);
    assert.deepEqual(sent, []);
  });

  it("leaves no port without power: after a deploy in between, and when the switch refuses", () => {
    const { clock, sent, hear, stop, restart } = switching();
    hear(given);
    clock.pass(5000);
    stop();
    clock.pass(600_000);
    assert.equal(sent.length, 1);
    restart();
    clock.pass(1000);
    assert.deepEqual(sent[1], [null, requested(true)]);
    hear({ ...requested(true), statusCode: 503, payload: "busy" });
    clock.pass(10_000);
    assert.deepEqual(sent[2], [null, requested(true)]);
    clock.pass(10_000);
    assert.deepEqual(sent[3], [null, requested(true)], "no answer at all");
    hear({ ...requested(true), statusCode: 200, payload: "{}" });
    clock.pass(600_000);
    assert.equal(sent.length, 4);
  });
});
