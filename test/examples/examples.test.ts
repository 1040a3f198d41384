import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { compileFunction } from "node:vm";
import { FakeClock } from "../support/fake-clock";
import { projectRoot } from "../support/fixtures";
import { transition } from "../mqtt-status/support";

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  links?: string[];
  func?: string;
  initialize?: string;
  finalize?: string;
}

type Message = Record<string, unknown>;
type Script = (...given: unknown[]) => unknown;

const folder = path.join(projectRoot, "examples");
const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as FlowNode[];
const script = (names: string[], body: string) => compileFunction(body, names) as Script;

/** Runs a function node of an example as Node-RED would, but with a clock of the test's. */
function run(example: string, id: string) {
  const node = read(path.join(folder, `${example}.json`)).find((candidate) => candidate.id === id);
  assert.ok(node?.func !== undefined);
  const clock = new FakeClock();
  const kept = new Map<string, unknown>();
  const sent: Message[][] = [];
  const warnings: string[] = [];
  const given = {
    node: {
      send: (messages: Message | (Message | null)[]) =>
        void sent.push(Array.isArray(messages) ? (messages as Message[]) : [messages]),
      warn: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
      status: () => {},
    },
    context: {
      get: (key: string) => kept.get(key),
      set: (key: string, value: unknown) => kept.set(key, value),
    },
    env: { get: () => "" },
    setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
    clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
    Date: { now: () => clock.now() },
  };
  const names = Object.keys(given);
  const values = Object.values(given);
  script(names, node.initialize ?? "")(...values);
  const hear = (msg: Message) => script([...names, "msg"], node.func ?? "")(...values, msg);
  const change = (stream: string, to: string, more: Message = {}) =>
    hear({
      topic: "transition",
      payload: { ...transition(1, stream), to, at: clock.now(), reason: "timeout", ...more },
    });
  const outage = (event: string, streams: string[], more: Message = {}) =>
    hear({
      topic: "outage",
      payload: { kind: "host", event, host: "192.0.2.7", streams, at: 0, durationMs: 600_000, ...more },
    });
  const stop = () => script(names, node.finalize ?? "")(...values);
  return { clock, sent, warnings, hear, change, outage, stop };
}

describe("examples", () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    it(`${file} is a flow whose wires lead somewhere`, () => {
      const nodes = read(path.join(folder, file));
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length, "ids are unique");
      const product = new Set(read(path.join(projectRoot, "flows", "streampulse.json")).map(({ id }) => id));
      for (const { id, z, wires = [], links = [], func } of nodes) {
        assert.ok(!product.has(id), `${id} is the product's`);
        assert.ok(z === undefined || ids.has(z), id);
        for (const target of wires.flat()) assert.ok(ids.has(target), `${id} → ${target}`);
        for (const link of links) assert.ok(ids.has(link) || product.has(link), `${id} → ${link}`);
        if (func !== undefined) assert.doesNotThrow(() => script(["msg"], func), id);
      }
    });
  }
});

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
      assert.deepEqual(texts(), ["Gate: down, timeout (timeout)"]);
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
  }
});

describe("the PoE example", () => {
  const poe = () => run("power-cycle-poe", "sp-ex-poe-decide");

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
    outage("ended", ["Front door", "Garage"], { kind: "subnet", host: "192.0.2.0/24" });
    change("Garage", "up");
    change("Garage", "down");
    outage("began", ["Garage"]);
    clock.pass(180_000);
    assert.equal(sent.length, 1, "a host with one camera is a camera");
  });
});
