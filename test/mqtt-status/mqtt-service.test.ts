import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";
import { deviceDiscoverySchema, DISCOVERY_TOPIC } from "./home-assistant-schema";
import { INSTALLATION, liveStream, recent, startService } from "./support";
import { WatchedBroker } from "./watched-broker";

const BRIDGE = "streampulse/bridge/status";
const stateOf = (slug: string) => `streampulse/streams/${slug}/state`;
const deviceOf = (id?: number) =>
  `homeassistant/device/streampulse_${INSTALLATION}${id === undefined ? "" : `_${id}`}/config`;

interface State {
  id: number;
  name: string;
  state: string;
  uptime_24h: number | null;
  enabled: boolean;
  since: string;
}

describe("the topic of v2.2", () => {
  it("gets the status byte for byte, and nothing else is published", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure, service } = startService(t);
    neighbours.status = '{"K\\u00fcche":{"status":"ok"}}\n';
    configure({ port: broker.port, qos: 2, retain: true, topic: "home/cams" });
    assert.equal(
      await broker
        .keeps("home/cams", (value) => typeof value === "object" && value !== null)
        .then(() => broker.kept.get("home/cams")),
      neighbours.status,
    );
    assert.deepEqual(broker.heard, [
      { topic: "home/cams", payload: neighbours.status, qos: 2, retain: true },
    ]);
    assert.equal(service.health().running, true);
    const { lastPublishedAt, runningSince, ...details } = service.health().details;
    assert.ok(Math.abs(Date.now() - (lastPublishedAt as number)) < 30_000);
    assert.ok((runningSince as number) <= (lastPublishedAt as number));
    assert.deepEqual(details, {
      ...{ connected: true, published: 1, queued: 0, broker: `127.0.0.1:${broker.port}` },
      ...{ restarts: 0, lastError: null },
    });
    assert.deepEqual(service.look, {
      fill: "green",
      shape: "dot",
      text: `connected to 127.0.0.1:${broker.port}`,
    });
  });

  it("takes another host's status where api_status_url says so", async (t) => {
    const server = createServer((_request, response) => response.end('{"far":{}}'));
    t.after(() => void server.close());
    const port = await listen(server, 0, LOOPBACK);
    const broker = await WatchedBroker.start(t);
    const { configure } = startService(t);
    configure({ port: broker.port, api_status_url: `http://127.0.0.1:${port}/api/status` });
    await until(() => broker.on("streampulse/status").includes('{"far":{}}'));
  });

  it("says once when nobody answers, and goes on", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { service, neighbours, logger, configure } = startService(t);
    neighbours.answers = false;
    const host = `127.0.0.1:${await unusedPort()}`;
    configure({ port: broker.port, api_status_url: `http://${host}/api/status` });
    const problem = `mqtt.api_status_url: ${host} cannot be reached (ECONNREFUSED).`;
    await until(() => service.health().problems.length > 0);
    assert.deepEqual(service.health().problems, [problem]);
    assert.equal(service.look.fill, "yellow");
    neighbours.answers = true;
    configure({ port: broker.port, api_status_url: "http://localhost:7000/api/status" });
    await until(() => broker.on("streampulse/status").length > 0);
    await until(() => service.health().problems.length === 0);
    assert.deepEqual(logger.texts("warn"), [problem]);
  });
});

describe("the topics of each stream", () => {
  it("are kept, follow changes, and go with the stream", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate"), liveStream(2, "Küche 1")];
    configure({ port: broker.port, per_stream: true }, { timezone: "Europe/Berlin" });
    assert.equal(await broker.keeps(BRIDGE), "online");
    const gate = await broker.keeps<State>(stateOf("gate"), ({ uptime_24h }) => uptime_24h === 99.95);
    assert.deepEqual([gate.id, gate.name, gate.state], [1, "Gate", "up"]);
    assert.equal(gate.since, "2026-01-15T13:00:00.000000+01:00");
    await broker.keeps(stateOf("kuche_1"));
    await broker.keeps<{ up: number }>("streampulse/bridge/state", ({ up }) => up === 2);

    neighbours.change([liveStream(1, "Gate", { state: "down", reason: "timeout" })]);
    await broker.keeps<State>(stateOf("gate"), ({ state }) => state === "down");
    neighbours.change([liveStream(1, "Front gate")], ["Gate"]);
    await broker.keeps<State>(stateOf("front_gate"), ({ id }) => id === 1);
    await until(() => !broker.kept.has(stateOf("gate")));
    neighbours.change([], ["Küche 1"]);
    await until(() => !broker.kept.has(stateOf("kuche_1")));
    await broker.keeps<{ up: number; streams: number }>(
      "streampulse/bridge/state",
      ({ streams }) => streams === 1,
    );
  });

  it("are taken over after a restart, and cleared where the stream is gone or renamed", async (t) => {
    const broker = await WatchedBroker.start(t);
    const left = (id: number, installation = INSTALLATION) => ({ id, installation, state: "up" });
    await broker.say(stateOf("cam_1_7"), left(7), { retain: true });
    await broker.say(stateOf("removed"), left(8), { retain: true });
    await broker.say(stateOf("old_name"), left(9), { retain: true });
    await broker.say(stateOf("stranger"), left(7, "another"), { retain: true });
    await broker.say(stateOf("no_json"), "x", { retain: true });
    const { service, neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(7, "Cam 1"), liveStream(9, "New name")];
    configure({ port: broker.port, per_stream: true, discovery: true });
    await broker.keeps<State>(stateOf("cam_1_7"), ({ name }) => name === "Cam 1");
    await broker.keeps<State>(stateOf("new_name"), ({ id }) => id === 9);
    await until(() => !broker.kept.has(stateOf("removed")) && !broker.kept.has(stateOf("old_name")));
    assert.deepEqual(
      [broker.kept.has(stateOf("stranger")), broker.kept.has(stateOf("no_json"))],
      [true, true],
    );
    assert.match(
      service.health().problems.join(),
      /^Another installation of StreamPulse publishes below streampulse\//,
    );
    // Home Assistant is told of the one that is gone too
    await until(() => broker.on(deviceOf(8)).includes(""));
    assert.deepEqual(broker.on(deviceOf(9)).includes(""), false);
  });

  it("say a picture, and Home Assistant learns of it", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure, service } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, discovery: true });
    await until(() => broker.on(deviceOf(1)).length > 0);
    const described = () => deviceDiscoverySchema.parse(JSON.parse(broker.on(deviceOf(1)).at(-1) ?? ""));
    assert.equal(described().cmps.image, undefined);
    assert.equal(service.current?.streams?.receiveImage("Gate", Buffer.from("jpeg")), undefined);
    assert.match(service.current?.streams?.receiveImage("Gate", Buffer.alloc(5e6)) ?? "", /larger than/);
    await broker.keeps("streampulse/streams/gate/image", (value) => value === "jpeg");
    await until(
      () =>
        (described().cmps.image as { img_t?: string } | undefined)?.img_t ===
        "streampulse/streams/gate/image",
    );
    neighbours.change([], ["Gate"]);
    await until(() => !broker.kept.has("streampulse/streams/gate/image"));
  });

  it("need a store, and say so", async (t) => {
    const clock = new FakeClock();
    const { neighbours, configure, service } = startService(t, { clock });
    neighbours.answers = false;
    configure({ port: await unusedPort(), per_stream: true });
    await until(() => service.current);
    clock.pass(31_000);
    assert.match(service.health().problems.at(-1) ?? "", /^No status-store answers the MQTT publisher/);
  });
});

describe("events", () => {
  it("come in order with their own time, and the store learns of them", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    neighbours.transitions = [recent(1), recent(2), recent(3)];
    neighbours.delivered = 1;
    configure({ port: broker.port, per_stream: true, site: "x" });
    await until(() => broker.on("streampulse/events").length === 2);
    neighbours.happen(recent(4));
    await until(() => neighbours.delivered === 4);
    const events = broker.on("streampulse/events").map((text) => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [2, 3, 4],
    );
    const at = new ZonedTime("UTC").format(neighbours.transitions[1]?.at ?? 0);
    assert.deepEqual([events[0]?.at, events[0]?.stream], [at, "Gate"]);
    assert.equal(broker.heard.find(({ topic }) => topic === "streampulse/events")?.qos, 1);
  });
});

describe("Home Assistant", () => {
  it("finds devices that fit its documentation, again when it has started, and loses removed ones", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate"), liveStream(2, "+#/")];
    configure({ port: broker.port, discovery: true });
    await until(() => [deviceOf(), deviceOf(1), deviceOf(2)].every((topic) => broker.on(topic).length === 1));
    for (const { topic, payload, retain } of broker.heard.filter(({ topic }) =>
      topic.startsWith("homeassistant"),
    )) {
      assert.match(topic, DISCOVERY_TOPIC);
      deviceDiscoverySchema.parse(JSON.parse(payload));
      assert.equal(retain, false);
    }
    await broker.say("homeassistant/status", "online");
    await until(() => broker.on(deviceOf(2)).length === 2);
    neighbours.change([], ["Gate"]);
    await until(() => broker.on(deviceOf(1)).at(-1) === "");
    configure({ port: broker.port, per_stream: true });
    await until(() => broker.on(deviceOf(2)).at(-1) === "" && broker.on(deviceOf()).at(-1) === "");
  });

  it("gets a button and a switch with commands, and loses them without", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, discovery: true, commands: true });
    const platforms = () => {
      const { cmps } = deviceDiscoverySchema.parse(JSON.parse(broker.on(deviceOf(1)).at(-1) ?? ""));
      return [cmps.check, cmps.enabled].map((component) => component && Object.keys(component).length);
    };
    await until(() => broker.on(deviceOf(1)).length === 1);
    assert.deepEqual(platforms(), [4, 6]);
    configure({ port: broker.port, discovery: true });
    await until(() => broker.on(deviceOf(1)).length === 2);
    assert.deepEqual(platforms(), [1, 1]);
  });
});

describe("commands", () => {
  it("check and switch streams; everything else is ignored and counted", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { service, neighbours, configure, logger } = startService(t);
    neighbours.streams = [liveStream(1, "Gate"), liveStream(2, "Yard", { enabled: false, state: "paused" })];
    configure({ port: broker.port, commands: true });
    await broker.keeps(stateOf("yard"));
    const order = (rest: string, payload = "", retain = false) =>
      broker.say(`streampulse/streams/${rest}`, payload, { retain });
    const counts = () => service.health().details;
    await order("gate/check", "PRESS");
    await order("gate/enabled/set", "OFF");
    await order("yard/enabled/set", "on");
    await until(() => counts().commandsAccepted === 3);
    assert.deepEqual(neighbours.checked, ["Gate"]);
    assert.deepEqual(neighbours.edits, [
      { action: "change-stream", name: "Gate", stream: { enabled: false } },
      { action: "change-stream", name: "Yard", stream: { enabled: true } },
    ]);
    await order("nobody/check");
    await order("gate/enabled/set", "perhaps");
    await order("gate/enabled/set", "x".repeat(100));
    await order("gate/check", "y".repeat(100));
    await until(() => counts().commandsIgnored === 4);
    assert.equal(neighbours.edits.length, 2);

    // what is refused, and what is so already, is answered by the state
    const before = broker.on(stateOf("gate")).length;
    neighbours.editAnswer = 409;
    await order("gate/enabled/set", "0");
    await until(() => broker.on(stateOf("gate")).length > before);
    assert.deepEqual(logger.texts("warn"), [
      "a command over MQTT could not be carried out: config.yaml cannot be written",
    ]);
    await order("gate/enabled/set", "1");
    await until(() => broker.on(stateOf("gate")).length > before + 1);
    assert.equal(neighbours.edits.length, 3);
  });

  it("that are kept at the broker, or come too often, are not obeyed", async (t) => {
    const broker = await WatchedBroker.start(t);
    await broker.say("streampulse/streams/gate/check", "now", { retain: true });
    const { service, neighbours, configure, logger } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, commands: true });
    await until(() => service.health().details.commandsIgnored === 1);
    await broker.keeps(stateOf("gate"));
    for (let i = 0; i < 100; i++) await broker.say("streampulse/streams/gate/check", "");
    await until(
      () => neighbours.checked.length + (service.health().details.commandsIgnored as number) === 101,
    );
    assert.ok(neighbours.checked.length >= 50 && neighbours.checked.length < 100);
    assert.deepEqual(logger.texts("warn"), [
      "commands come faster than 5 a second over MQTT: those beyond are ignored",
    ]);
  });

  it("are not taken unless they are switched on", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure, service } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, per_stream: true });
    await broker.keeps(stateOf("gate"));
    await broker.say("streampulse/streams/gate/check", "");
    configure({ port: broker.port, per_stream: true, commands: true });
    await until(async () => {
      await broker.say("streampulse/streams/gate/check", "");
      return neighbours.checked.length > 0;
    });
    configure({ port: broker.port, per_stream: true });
    const before = neighbours.checked.length;
    await broker.say("streampulse/streams/gate/check", "");
    neighbours.change([liveStream(1, "Gate", { state: "down" })]);
    await broker.keeps<State>(stateOf("gate"), ({ state }) => state === "down");
    assert.equal(neighbours.checked.length, before);
    assert.equal(service.health().problems.length, 0);
  });
});

describe("settings that change", () => {
  it("are live without a new connection where the broker stays the same", async (t) => {
    const broker = await WatchedBroker.start(t);
    let connections = 0;
    broker.inner.on("clientReady", () => connections++);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, per_stream: true });
    await broker.keeps(stateOf("gate"));
    configure({ port: broker.port, per_stream: true, topic: "streampulse/other", qos: 1, retain: true });
    await broker.keeps("streampulse/other");
    configure({ port: broker.port, per_stream: true }, { timezone: "Asia/Tokyo" });
    await broker.keeps<State>(stateOf("gate"), ({ since }) => since.endsWith("+09:00"));
    assert.equal(connections, 1);
    assert.equal(broker.on(BRIDGE).includes("offline"), false);
  });

  it("of the topics say offline first, and leave nothing behind", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: broker.port, per_stream: true });
    await broker.keeps(stateOf("gate"));
    configure({ port: broker.port, per_stream: true }, { site: "Home" });
    await broker.keeps("streampulse/home/streams/gate/state");
    assert.equal(broker.kept.has(stateOf("gate")), false);
    assert.equal(broker.kept.get(BRIDGE), "offline");
    assert.equal(broker.kept.get("streampulse/home/bridge/status"), "online");
    const told = broker.heard.map(({ topic, payload }) => `${topic} ${payload.slice(0, 7)}`);
    assert.ok(told.indexOf(`${BRIDGE} offline`) < told.indexOf(`${stateOf("gate")} `));
    assert.equal(neighbours.streams.length, 1);
    configure({ port: broker.port }, { site: "Home" });
    await until(() => !broker.kept.has("streampulse/home/streams/gate/state"));
    assert.equal(broker.kept.get("streampulse/home/bridge/status"), "offline");
  });

  it("of the connection keep what the broker keeps", async (t) => {
    const [one, other] = [await WatchedBroker.start(t), await WatchedBroker.start(t)];
    const { neighbours, configure, service } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port: one.port, per_stream: true });
    await one.keeps(stateOf("gate"));
    configure({ port: other.port, per_stream: true });
    await other.keeps(stateOf("gate"));
    assert.equal(one.kept.get(BRIDGE), "offline");
    assert.equal(one.kept.has(stateOf("gate")), true);
    await service.stop();
    assert.equal(other.kept.get(BRIDGE), "offline");
    assert.equal(other.kept.has(stateOf("gate")), true);
  });

  it("can stop, start and restart it", async (t) => {
    const broker = await WatchedBroker.start(t);
    let connections = 0;
    broker.inner.on("clientReady", () => connections++);
    const { neighbours, configure, service } = startService(t);
    assert.deepEqual(service.look, { fill: "grey", shape: "ring", text: "waiting for settings" });
    neighbours.streams = [liveStream(1, "Gate")];
    const mqtt = { port: broker.port, per_stream: true };
    configure(mqtt);
    await broker.keeps(BRIDGE, (value) => value === "online");
    configure(mqtt, { services: { mqtt: { stopped: true } } });
    await broker.keeps(BRIDGE, (value) => value === "offline");
    await until(() => service.look.text === "stopped");
    const { connected, idle } = service.health().details;
    assert.deepEqual([connected, idle], [false, "stopped"]);
    service.restart();
    configure(mqtt, { services: { mqtt: { stopped: false } } });
    await broker.keeps(BRIDGE, (value) => value === "online");
    assert.equal(connections, 2);
    service.restart();
    await until(() => connections === 3);
    await broker.keeps(BRIDGE, (value) => value === "online");
    configure({ ...mqtt, enabled: false });
    await broker.keeps(BRIDGE, (value) => value === "offline");
    await until(() => service.look.text === "switched off");
    assert.deepEqual(service.health().problems, []);
  });

  it("that are wrong stop it with one line, until they are right", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { configure, service, logger } = startService(t);
    configure({ port: broker.port, topic: "a/#" });
    configure({ port: broker.port, topic: "a/#" }, { timezone: "Asia/Tokyo" });
    const line =
      "mqtt.topic must not contain + or #, which are wildcards of subscribers; nothing is published.";
    assert.deepEqual(logger.texts("error"), [line]);
    assert.deepEqual(service.health().problems, [line]);
    assert.deepEqual(service.look, { fill: "red", shape: "ring", text: line });
    configure({ port: broker.port, interval_seconds: 1 });
    await until(() => broker.on("streampulse/status").length > 0);
    assert.deepEqual(logger.texts("warn"), ["mqtt.interval_seconds is 1, which is too often: 5 is used"]);
  });
});
