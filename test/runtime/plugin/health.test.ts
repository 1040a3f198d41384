import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HealthReport } from "../../../contracts/health";
import { HealthCollector } from "../../../runtime/plugin/health";
import { FakeClock } from "../../support/fake-clock";

const report = (part: HealthReport["part"], more: Partial<HealthReport> = {}): HealthReport => ({
  source: part,
  part,
  running: true,
  problems: [],
  details: {},
  ...more,
});

function collector() {
  const clock = new FakeClock();
  const loopDelay = { figures: () => ({ loopDelayP99Ms: 1.5, loopDelayMaxMs: 20 }) };
  return { clock, health: new HealthCollector("3.0.0", clock, loopDelay) };
}

describe("the health", () => {
  it("is starting until the parts are there, for 15 s at most", () => {
    const { clock, health } = collector();
    assert.equal(health.health().status, "starting");
    health.take(report("probe"));
    assert.equal(health.health().status, "starting");
    health.take(report("store"));
    assert.equal(health.health().status, "ok");
    health.take({ source: "store", withdrawn: true });
    assert.equal(health.health().status, "starting");
    clock.pass(15_000);
    const { status, reasons, uptimeSeconds } = health.health();
    assert.equal(status, "failing");
    assert.deepEqual(reasons, ["Nothing is being stored: no status-store node runs in the flows."]);
    assert.equal(uptimeSeconds, 15);
  });

  it("fails when probing has stopped", () => {
    const { clock, health } = collector();
    clock.pass(15_000);
    health.take(report("probe", { running: false, problems: ["The probe worker died."] }));
    health.take(report("store"));
    const { status, reasons } = health.health();
    assert.equal(status, "failing");
    assert.deepEqual(reasons, [
      "No stream is being probed: no stream-probe node runs in the flows.",
      "The probe worker died.",
    ]);
  });

  it("is degraded by problems of a part or a listener", () => {
    const { health } = collector();
    health.take(report("probe"));
    health.take(report("store"));
    health.take(report("config", { problems: ["config.yaml:3: no"] }));
    health.setListenerProblem("api", "Port 7000 is in use.");
    assert.equal(health.health().status, "degraded");
    assert.deepEqual(health.health().reasons, ["Port 7000 is in use.", "config.yaml:3: no"]);
    health.setListenerProblem("api", undefined);
    health.take(report("config"));
    assert.equal(health.health().status, "ok");
  });

  it("sums up several nodes of one part", () => {
    const { health } = collector();
    health.take(report("store"));
    health.take(report("probe", { source: "a", details: { streams: 1 } }));
    health.take(report("probe", { source: "b", running: false, details: { streams: 2 } }));
    assert.deepEqual(health.health().parts.probe, {
      running: true,
      problems: ["1 of 2 probe nodes has stopped."],
      details: { a: { streams: 1 }, b: { streams: 2 } },
    });
    assert.equal(health.health().status, "degraded");
  });

  it("is not disturbed by what anybody sends", () => {
    const { health } = collector();
    for (const odd of [undefined, null, 1, {}, { source: 1 }, { source: "x", part: "probe" }]) {
      health.take(odd as unknown as HealthReport);
    }
    assert.deepEqual(health.health().parts, {});
  });
});
