import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../support/until";
import { deviceDiscoverySchema, DISCOVERY_TOPIC } from "./home-assistant-schema";
import { INSTALLATION, liveStream, startService } from "./support";
import { WatchedBroker } from "./watched-broker";

const deviceOf = (id?: number) =>
  `homeassistant/device/streampulse_${INSTALLATION}${id === undefined ? "" : `_${id}`}/config`;

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
