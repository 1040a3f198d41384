import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { HealthReport } from "../../contracts";
import mqttStatus from "../../nodes/mqtt-status/mqtt-status";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { until } from "../support/until";
import { liveStream, transition } from "./support";
import { WatchedBroker } from "./watched-broker";

type Message = Record<string, unknown>;

function make(
  test: TestContext,
  definition: Message = {},
  credentials?: Record<string, string>,
): { red: FakeRed; node: FakeNode } {
  const red = new FakeRed({ userDir: "/nowhere" });
  mqttStatus(red.api);
  const node = red.create("mqtt-status", { id: "mqtt", ...definition, credentials });
  test.after(() => node.close());
  red.startFlows();
  return { red, node };
}

const reportOf = (red: FakeRed) => red.health.findLast((report) => "part" in report) as HealthReport;
const sentTo = (node: FakeNode, output: number): Message[] =>
  (node.sent as (Message | null)[][]).map((outputs) => outputs[output]).filter((message) => message != null);

describe("mqtt-status, the node", () => {
  it("waits for settings, publishes by them, and asks and tells by its outputs", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { red, node } = make(t);
    assert.deepEqual(node.statuses, [{ fill: "grey", shape: "ring", text: "waiting for settings" }]);
    const mqtt = { enabled: true, host: "127.0.0.1", port: broker.port, commands: true };
    await node.receive({ topic: "streams", payload: [], settings: { mqtt } });
    await until(() => node.statuses.at(-1)?.text === `connected to 127.0.0.1:${broker.port}`);
    const question = await until(() => sentTo(node, 0).find(({ query }) => query === "status"));
    await node.receive({ ...question, statusCode: 200, payload: Buffer.from("{}\n") });
    await until(() => broker.on("streampulse/status").includes("{}\n"));

    const request = await until(() => sentTo(node, 1).find(({ topic }) => topic === "snapshot"));
    const gate = liveStream(1, "Gate");
    await node.receive({ ...request, seq: 1, payload: [gate], part: 0, parts: 1 });
    await broker.keeps("streampulse/streams/gate/state");
    await node.receive({ topic: "changes", seq: 2, payload: [{ ...gate, name: "Yard" }], removed: ["Gate"] });
    await broker.keeps("streampulse/streams/yard/state");

    await broker.say("streampulse/streams/yard/check", "");
    await broker.say("streampulse/streams/yard/enabled/set", "OFF");
    await until(() => sentTo(node, 3).length === 1);
    assert.deepEqual(sentTo(node, 2), [{ topic: "check", payload: "Yard" }]);
    const edit = sentTo(node, 3)[0] as Message;
    assert.deepEqual(edit, {
      topic: "edit",
      payload: { action: "change-stream", name: "Yard", stream: { enabled: false } },
      edited: "Yard",
    });
    await node.receive({
      ...edit,
      statusCode: 409,
      payload: { error: { code: "read_only", message: "no" } },
    });
    assert.deepEqual(node.logger.texts("warn"), ["a command over MQTT could not be carried out: no"]);

    for (const topic of ["outage", "forget"]) await node.receive({ topic, payload: {} });
    await node.receive({ topic: "transition", payload: transition(1, "Yard") });
    await node.receive({ topic: "snapshot-image", stream: "Yard", payload: Buffer.from([1]) });
    await broker.keeps("streampulse/streams/yard/image");
    assert.deepEqual([reportOf(red).part, reportOf(red).running], ["mqtt", true]);
    await node.close();
    assert.deepEqual(red.health.at(-1), { source: "mqtt", withdrawn: true });
    assert.equal(broker.kept.get("streampulse/bridge/status"), "offline");
  });

  it("is yellow while something is the matter, and says what", async (t) => {
    const broker = await WatchedBroker.start(t);
    const stranger = { id: 1, installation: "another" };
    await broker.say("streampulse/streams/gate/state", stranger, { retain: true });
    const { node } = make(t, { host: "127.0.0.1", port: String(broker.port), per_stream: true });
    const text = `connected to 127.0.0.1:${broker.port}`;
    await until(() => node.statuses.at(-1)?.text?.startsWith("connected, but"));
    assert.deepEqual(node.statuses.slice(1), [
      { fill: "yellow", shape: "ring", text: `connecting to 127.0.0.1:${broker.port}` },
      { fill: "green", shape: "dot", text },
      {
        fill: "yellow",
        shape: "ring",
        text: "connected, but: Another installation of StreamPulse publishes below streampulse…",
      },
    ]);
  });

  it("takes its own form and credentials before what comes by wire", async (t) => {
    const broker = await WatchedBroker.start(t, {
      authenticate: (_client, username, password, done) =>
        done(null, username === "u" && password?.toString() === "p"),
    });
    const { node } = make(
      t,
      { host: "127.0.0.1", port: String(broker.port), mqtt_topic: "own/status" },
      { username: "u", password: "p" },
    );
    const question = await until(() => sentTo(node, 0)[0]);
    await node.receive({ topic: "streams", payload: [], settings: {} });
    await node.receive({ ...question, statusCode: 200, payload: "{}" });
    await until(() => broker.on("own/status").includes("{}"));
    await node.receive({
      topic: "streams",
      payload: [],
      settings: { services: { mqtt: { stopped: true } } },
    });
    await until(() => node.statuses.at(-1)?.text === "stopped");
  });

  it("says in red what is wrong with its form, and does not throw", async (t) => {
    const { node } = make(t, { host: "broker", protocol: "gopher" });
    const fault = 'protocol must be one of mqtt, mqtts, ws, wss, not "gopher"';
    assert.deepEqual(node.statuses, [{ fill: "red", shape: "ring", text: fault }]);
    assert.deepEqual(node.logger.texts("error"), [`${fault}: mend it in the node's form`]);
    node.emit(
      "input",
      { topic: "streams" },
      () => {},
      () => {},
    );
    const wildcard = make(t, { host: "broker", mqtt_topic: "a/+" });
    await until(() => /^mqtt\.topic must not contain/.test(wildcard.node.statuses.at(-1)?.text ?? ""));
    await wildcard.node.close();
  });

  it("says what is wrong with a message", async (t) => {
    const { node } = make(t);
    await assert.rejects(
      node.receive({ payload: 1 }),
      /takes messages with the topic streams, .*this one has none/,
    );
    await assert.rejects(node.receive({ topic: "hello" }), /this one has "hello"/);
    await assert.rejects(
      node.receive({ topic: "streams", settings: { mqtt: { port: 0 } } }),
      /^Error: A message "streams" is wrong: settings\.mqtt\.port: must be a number/,
    );
    await assert.rejects(
      node.receive({ topic: "transition", payload: {} }),
      /"transition" is wrong: payload\.stream/,
    );
    await assert.rejects(node.receive({ topic: "restart", payload: "everything" }), /"restart" is wrong/);
    await node.receive({ topic: "restart", payload: "monitor" });
    await assert.rejects(node.receive({ topic: "question", payload: "" }), /"question" is wrong/);
  });
});
