import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./function-node";

describe("alerts", () => {
  const flows = [
    ["alert-telegram", "sp-ex-telegram-gather"],
    ["alert-email", "sp-ex-email-gather"],
    ["alerts", "sp-ex-alerts-gather"],
  ] as const;
  for (const [example, gather] of flows) {
    it(`${example}: tell of a fault that lasts, and of its end`, () => {
      const { clock, sent, change, outage, stop } = run(example, gather);
      const texts = () => sent.map(([message]) => message?.payload);
      change("Gate", "down");
      clock.pass(59_000);
      change("Gate", "up");
      clock.pass(60_000);
      assert.deepEqual(texts(), [], "a blip is no news");
      change("Gate", "down");
      outage("began", ["Gate"]);
      clock.pass(30_000);
      change("Gate", "degraded", { reason: "wrong_path", message: "RTSP 404 Not Found" });
      clock.pass(30_000);
      assert.deepEqual(texts(), ["Gate: degraded, wrong_path (RTSP 404 Not Found)"], "as it is now");
      clock.pass(600_000);
      change("Gate", "up");
      assert.equal(texts().at(-1), "Gate: up again after 11 min");
      change("Gate", "paused");
      change("Yard", "down");
      stop();
      assert.equal(clock.pending, 0);
    });

    it(`${example}: tell of an outage once`, () => {
      const { clock, sent, change, outage } = run(example, gather);
      const names = Array.from({ length: 40 }, (_, i) => `Cam ${i}`);
      for (const name of names) change(name, "down");
      outage("began", names);
      clock.pass(300_000);
      change("Cam 3", "down");
      clock.pass(300_000);
      assert.equal(sent.length, 1);
      assert.match(
        String(sent[0]?.[0]?.payload),
        /^192\.0\.2\.7: all 40 streams are down \(Cam 0, Cam 1, .* …\)$/,
      );
      for (const name of names) change(name, "up");
      outage("ended", names);
      assert.equal(sent.length, 2);
      assert.equal(sent[1]?.[0]?.payload, "192.0.2.7: answers again after 10 min");
      change("Cam 3", "down");
      clock.pass(60_000);
      assert.equal(sent.length, 3);
    });

    it(`${example}: tell of what an outage has left behind`, () => {
      const { clock, sent, change, outage } = run(example, gather);
      const texts = () => sent.splice(0).map(([message]) => message?.payload);
      const names = ["Gate", "Yard", "Dock", "Door"];
      for (const name of names) change(name, "down");
      outage("began", names);
      clock.pass(600_000);
      assert.deepEqual(texts(), ["192.0.2.7: all 4 streams are down (Gate, Yard, Dock, Door)"]);
      // it is over with the first one that answers, and the others have no further change
      change("Gate", "up");
      outage("ended", names);
      assert.deepEqual(texts(), ["192.0.2.7: answers again after 10 min, 3 of 4 streams not yet"]);
      clock.pass(20_000);
      change("Yard", "up");
      clock.pass(39_000);
      assert.deepEqual(texts(), []);
      clock.pass(1000);
      assert.deepEqual(texts(), ["192.0.2.7: 2 streams still show no picture (Dock, Door)"]);
      clock.pass(3600_000);
      assert.deepEqual(texts(), []);
      change("Dock", "up");
      assert.deepEqual(texts(), ["Dock: up again after 71 min"]);
      change("Dock", "down");
      outage("began", ["Gate", "Dock", "Yard"]);
      texts();
      change("Gate", "degraded", { reason: "auth_failed", message: "RTSP 401 Unauthorized" });
      change("Yard", "paused");
      outage("ended", ["Gate", "Dock", "Yard"]);
      assert.deepEqual(texts(), ["192.0.2.7: answers again after 10 min, 1 of 3 streams not yet"]);
      change("Gate", "up");
      clock.pass(60_000);
      assert.deepEqual(texts(), ["Dock: down, timeout (timeout)"], "one alone is told with its reason");
    });

    it(`${example}: say nothing of streams of a host that is down when its subnet is up again`, () => {
      const { clock, sent, change, outage } = run(example, gather);
      const subnet = { kind: "subnet", host: "192.0.2.0/24" };
      for (const name of ["Gate", "Yard"]) change(name, "down");
      outage("began", ["Gate", "Yard"]);
      change("Dock", "down");
      outage("began", ["Gate", "Yard", "Dock"], subnet);
      change("Dock", "up");
      outage("ended", ["Gate", "Yard", "Dock"], subnet);
      clock.pass(600_000);
      assert.equal(sent.length, 3);
      change("Gate", "up");
      outage("ended", ["Gate", "Yard"]);
      clock.pass(60_000);
      assert.deepEqual(
        sent.slice(3).map(([message]) => message?.payload),
        ["192.0.2.7: answers again after 10 min, 1 of 2 streams not yet", "Yard: down, timeout (timeout)"],
      );
    });

    it(`${example}: go on after a deploy`, () => {
      const { clock, sent, change, outage, restart } = run(example, gather);
      const texts = () => sent.splice(0).map(([message]) => message?.payload);
      change("Gate", "down");
      clock.pass(59_000);
      restart();
      clock.pass(59_000);
      assert.deepEqual(texts(), [], "it may have come back meanwhile");
      clock.pass(1000);
      assert.deepEqual(texts(), ["Gate: down, timeout (timeout)"]);
      restart();
      clock.pass(600_000);
      change("Gate", "up");
      assert.deepEqual(texts(), ["Gate: up again after 12 min"]);
      for (const name of ["Yard", "Dock"]) change(name, "down");
      outage("began", ["Yard", "Dock"]);
      restart();
      clock.pass(600_000);
      change("Yard", "up");
      outage("ended", ["Yard", "Dock"]);
      restart();
      clock.pass(60_000);
      assert.deepEqual(texts(), [
        "192.0.2.7: all 2 streams are down (Yard, Dock)",
        "192.0.2.7: answers again after 10 min, 1 of 2 streams not yet",
        "Dock: down, timeout (timeout)",
      ]);
    });
  }
});
