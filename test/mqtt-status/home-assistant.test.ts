import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomeAssistant } from "../../nodes/mqtt-status/home-assistant";
import type { MirroredStream } from "../../nodes/mqtt-status/streams-mirror";
import { topicsOf } from "../../nodes/mqtt-status/topics";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";
import { deviceDiscoverySchema, DISCOVERY_TOPIC } from "./home-assistant-schema";
import { FakeLink, incoming, INSTALLATION, liveStream, startService } from "./support";
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

describe("Home Assistant's birth message", () => {
  /** @returns when the devices were told, in ms after the message */
  function toldAfter(random: number, messages: [payload: string, retained?: boolean][]): number[] {
    const clock = new FakeClock();
    const link = new FakeLink();
    const context = {
      installation: INSTALLATION,
      version: "3.0.0",
      topics: topicsOf("a/status"),
      commands: false,
    };
    const homeAssistant = new HomeAssistant(
      {
        ...{ clock, random: () => random, onPublished: () => {}, onRefused: () => {} },
        all: () => [liveStream(1, "Gate") as MirroredStream],
        slugOf: () => "gate",
      },
      context,
    );
    homeAssistant.online(link);
    homeAssistant.configure(true, context);
    assert.deepEqual(link.subscribed, ["homeassistant/status"]);
    clock.pass(100);
    assert.equal(link.on(deviceOf(1)).length, 1);
    const at = clock.elapsed();
    for (const [payload, retained] of messages) {
      assert.equal(homeAssistant.receive(incoming("homeassistant/status", payload, retained)), true);
    }
    const told: number[] = [];
    for (let before = 1; clock.elapsed() < at + 30_000;) {
      clock.pass(50);
      if (link.on(deviceOf(1)).length > before) told.push(clock.elapsed() - at);
      before = link.on(deviceOf(1)).length;
    }
    homeAssistant.offline();
    assert.equal(clock.pending, 0);
    return told;
  }

  it("is answered after one to ten seconds, at random, and two at once only once", () => {
    assert.deepEqual(toldAfter(0, [["online"]]), [1000]);
    assert.deepEqual(toldAfter(0.5, [["online"], ["online"]]), [5500]);
    assert.deepEqual(toldAfter(1, [["online"]]), [10_000]);
  });

  it("is not answered when it is an old one, and nothing else is", () => {
    assert.deepEqual(toldAfter(0, [["online", true], ["offline"], [""], ["online!"]]), []);
  });
});
