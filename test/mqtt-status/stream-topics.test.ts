import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";
import { unusedPort } from "../../demo/cameras";
import { StreamTopics } from "../../nodes/mqtt-status/stream-topics";
import { StreamsMirror } from "../../nodes/mqtt-status/streams-mirror";
import { topicsOf } from "../../nodes/mqtt-status/topics";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";
import { deviceDiscoverySchema } from "./home-assistant-schema";
import { FakeLink, INSTALLATION, liveStream, recent, startService, type StateMessage } from "./support";
import { WatchedBroker } from "./watched-broker";

const BRIDGE = "streampulse/bridge/status";
const stateOf = (slug: string) => `streampulse/streams/${slug}/state`;
const deviceOf = (id?: number) =>
  `homeassistant/device/streampulse_${INSTALLATION}${id === undefined ? "" : `_${id}`}/config`;

describe("the topics of each stream", () => {
  it("are kept, follow changes, and go with the stream", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate"), liveStream(2, "Küche 1")];
    configure({ port: broker.port, per_stream: true }, { timezone: "Europe/Berlin" });
    assert.equal(await broker.keeps(BRIDGE), "online");
    const gate = await broker.keeps<StateMessage>(stateOf("gate"), ({ uptime_24h }) => uptime_24h === 99.95);
    assert.deepEqual([gate.id, gate.name, gate.state], [1, "Gate", "up"]);
    assert.equal(gate.since, "2026-01-15T13:00:00.000000+01:00");
    await broker.keeps(stateOf("kuche_1"));
    await broker.keeps<{ up: number }>("streampulse/bridge/state", ({ up }) => up === 2);

    neighbours.change([liveStream(1, "Gate", { state: "down", reason: "timeout" })]);
    await broker.keeps<StateMessage>(stateOf("gate"), ({ state }) => state === "down");
    neighbours.change([liveStream(1, "Front gate")], ["Gate"]);
    await broker.keeps<StateMessage>(stateOf("front_gate"), ({ id }) => id === 1);
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
    await broker.keeps<StateMessage>(stateOf("cam_1_7"), ({ name }) => name === "Cam 1");
    await broker.keeps<StateMessage>(stateOf("new_name"), ({ id }) => id === 9);
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

  it("stay, and so do the devices, while the store has given the streams no ids yet", async (t) => {
    const broker = await WatchedBroker.start(t);
    const left = (id: number) => ({ id, installation: INSTALLATION, state: "up" });
    await broker.say(stateOf("cam_1_7"), left(7), { retain: true });
    await broker.say(stateOf("yard"), left(8), { retain: true });
    await broker.say(stateOf("removed"), left(9), { retain: true });
    const { neighbours, configure } = startService(t);
    const [cam, yard, added] = [liveStream(7, "Cam 1"), liveStream(8, "Back yard"), liveStream(12, "Yard")];
    neighbours.streams = [cam, yard].map((stream) => ({ ...stream, id: null }));
    neighbours.streams.push(added);
    configure({ port: broker.port, per_stream: true, discovery: true });
    // the topic of the one that was renamed meanwhile is not another's before that is known
    await broker.keeps<StateMessage>(stateOf("yard_12"), ({ id }) => id === 12);
    neighbours.change([cam]);
    await broker.keeps<StateMessage>(stateOf("cam_1_7"), ({ name }) => name === "Cam 1");
    assert.deepEqual(
      [stateOf("cam_1_7"), stateOf("yard"), stateOf("removed"), deviceOf(7), deviceOf(8), deviceOf(9)].filter(
        (topic) => broker.on(topic).includes(""),
      ),
      [],
    );
    neighbours.change([yard]);
    await broker.keeps<StateMessage>(stateOf("back_yard"), ({ id }) => id === 8);
    await until(() => !broker.kept.has(stateOf("yard")) && !broker.kept.has(stateOf("removed")));
    await until(() => broker.on(deviceOf(9)).includes(""));
    assert.deepEqual(
      [stateOf("cam_1_7"), deviceOf(7), deviceOf(8)].filter((topic) => broker.on(topic).includes("")),
      [],
    );
  });

  it("stay when a deploy makes the store anew, whose ids come after its first answers", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { neighbours, configure, service } = startService(t);
    const streams = [1, 2, 3].map((id) => liveStream(id, `Cam ${id}`));
    neighbours.streams = streams;
    configure({ port: broker.port, per_stream: true, discovery: true });
    await until(() => [1, 2, 3].every((id) => broker.on(deviceOf(id)).length > 0));
    // at first it does not even know which streams there are
    neighbours.beginAnew([]);
    service.refresh();
    assert.equal(neighbours.snapshots, 2);
    const left = streams.filter(({ id }) => id !== 2);
    neighbours.streams = left.map((stream) => ({ ...stream, id: null }));
    neighbours.change(neighbours.streams.slice(0, 1));
    await until(() => neighbours.snapshots === 3);
    neighbours.change(left.map((stream) => ({ ...stream, state: "down" })));
    await until(() => !broker.kept.has(stateOf("cam_2")) && broker.on(deviceOf(2)).includes(""));
    for (const id of [1, 3]) {
      await broker.keeps<StateMessage>(stateOf(`cam_${id}`), ({ state }) => state === "down");
      for (const topic of [stateOf(`cam_${id}`), deviceOf(id)]) {
        assert.equal(broker.on(topic).includes(""), false, topic);
      }
    }
  });

  it("say a picture that came before the broker was there", async (t) => {
    const port = await unusedPort();
    const { neighbours, configure, service } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port, discovery: true });
    const { streams } = await until(() => service.current);
    await until(() => service.current?.failure);
    for (const jpeg of ["old", "new"])
      assert.equal(streams?.receiveImage("Gate", Buffer.from(jpeg)), undefined);
    const broker = await WatchedBroker.start(t, {}, port);
    await broker.keeps("streampulse/streams/gate/image", (value) => value === "new");
    await until(() => broker.on(deviceOf(1)).at(-1)?.includes('"img_t"'));
    assert.deepEqual(broker.on("streampulse/streams/gate/image"), ["new"]);
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
    assert.equal(service.current?.streams?.receiveImage("Gate", Buffer.alloc(0)), "the picture is empty");
    await broker.keeps("streampulse/streams/gate/image", (value) => value === "jpeg");
    await until(
      () =>
        (described().cmps.image as { img_t?: string } | undefined)?.img_t ===
        "streampulse/streams/gate/image",
    );
    neighbours.change([], ["Gate"]);
    await until(() => !broker.kept.has("streampulse/streams/gate/image"));
  });

  it("stay away once they are cleared, whatever changes meanwhile", async () => {
    const clock = new FakeClock();
    const link = new FakeLink();
    const mirror = new StreamsMirror("me", clock, {
      askSnapshot: () => {},
      onChange: (changed, removed) => topics.update(changed, removed),
    });
    const topics = new StreamTopics(
      {
        ...{ clock, mirror, topics: topicsOf("a/status"), version: "3.0.0", uptimeOf: () => null },
        ...{
          onPublished: () => {},
          onRefused: () => {},
          onNamed: () => {},
          onGone: () => {},
          onStranger: () => {},
        },
        onSettled: () => {},
      },
      { installation: INSTALLATION, zone: new ZonedTime("UTC") },
    );
    const payload = [liveStream(1, "Gate")];
    mirror.start();
    mirror.receiveSnapshot({ topic: "snapshot", asker: "me", seq: 1, payload, part: 0, parts: 1 });
    topics.online(link);
    await clock.advance(3000);
    const change = [liveStream(1, "Gate", { state: "down" })];
    mirror.receiveChanges({ topic: "changes", seq: 2, payload: change, removed: [] });
    const cleared = topics.clearAll();
    mirror.receiveChanges({ topic: "changes", seq: 3, payload, removed: [] });
    await clock.advance(3000);
    await cleared;
    for (const topic of ["a/streams/gate/state", "a/bridge/state"]) {
      assert.deepEqual([link.on(topic).length, link.on(topic).at(-1)], [2, ""], topic);
    }
    topics.offline();
    mirror.stop();
    assert.equal(clock.pending, 0);
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

  it("of a run before have the id and the topic of their stream, however late the store is", async (t) => {
    const broker = await WatchedBroker.start(t);
    await broker.say(stateOf("gate_7"), { id: 7, installation: INSTALLATION }, { retain: true });
    const { neighbours, configure, service } = startService(t);
    neighbours.hasStore = false;
    neighbours.streams = [liveStream(7, "Gate"), { ...liveStream(9, "gate"), id: null }];
    neighbours.transitions = [recent(1), recent(2), { ...recent(3), stream: "gate" }];
    neighbours.delivered = 0;
    configure({ port: broker.port, per_stream: true });
    await until(() => (service.health().details.queued as number) >= 3);
    neighbours.hasStore = true;
    service.refresh();
    await broker.keeps<StateMessage>(stateOf("gate_7"), ({ name }) => name === "Gate");
    neighbours.change([liveStream(9, "gate")]);
    await until(() => neighbours.delivered === 3);
    const events = broker.on("streampulse/events").map((text) => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual(
      events.map(({ seq, stream, id, slug }) => [seq, stream, id, slug]),
      [
        [1, "Gate", 7, "gate_7"],
        [2, "Gate", 7, "gate_7"],
        [3, "gate", 9, "gate"],
      ],
    );
  });

  it("wait ten seconds for a store that is not there, and no longer", async (t) => {
    const broker = await WatchedBroker.start(t);
    const clock = new FakeClock();
    const { neighbours, configure, service } = startService(t, { clock });
    neighbours.hasStore = false;
    neighbours.transitions = [recent(1)].map((event) => ({ ...event, at: clock.now() }));
    neighbours.delivered = 0;
    configure({ port: broker.port, per_stream: true, interval_seconds: 5 });
    const details = () => service.health().details as { connected: boolean; queued: number };
    await until(() => details().connected && details().queued > 0);
    const events = () => broker.on("streampulse/events");
    clock.pass(5000);
    // what was published before it is there by then
    await until(() => broker.on("streampulse/status").length === 2);
    clock.pass(4500);
    assert.deepEqual(events(), []);
    clock.pass(500);
    await until(() => events().length === 1);
    const { seq, id, slug } = JSON.parse(events()[0] ?? "") as Record<string, unknown>;
    assert.deepEqual([seq, id, slug], [1, null, null]);
  });
});
