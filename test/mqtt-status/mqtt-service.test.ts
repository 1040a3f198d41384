import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { until } from "../support/until";
import { liveStream, startService, type StateMessage } from "./support";
import { WatchedBroker } from "./watched-broker";

const BRIDGE = "streampulse/bridge/status";
const stateOf = (slug: string) => `streampulse/streams/${slug}/state`;

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
    // the broker hands it on before it has confirmed it
    await until(() => service.health().details.published === 1);
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
    await broker.keeps<StateMessage>(stateOf("gate"), ({ since }) => since.endsWith("+09:00"));
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
