import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../support/until";
import { liveStream, startService, type StateMessage } from "./support";
import { WatchedBroker } from "./watched-broker";

const stateOf = (slug: string) => `streampulse/streams/${slug}/state`;

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
    await broker.keeps<StateMessage>(stateOf("gate"), ({ enabled }) => !enabled);
    const before = broker.on(stateOf("gate")).length;
    neighbours.editAnswer = 409;
    await order("gate/enabled/set", "1");
    await until(() => broker.on(stateOf("gate")).length > before);
    assert.deepEqual(logger.texts("warn"), [
      "a command over MQTT could not be carried out: config.yaml cannot be written",
    ]);
    await order("gate/enabled/set", "0");
    await until(() => broker.on(stateOf("gate")).length > before + 1);
    assert.equal(neighbours.edits.length, 3);
    assert.deepEqual(
      broker
        .on(stateOf("gate"))
        .slice(before)
        .map((text) => (JSON.parse(text) as StateMessage).enabled),
      [false, false],
    );
  });

  it("that follow each other faster than config.yaml is written: the last one counts", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { service, neighbours, configure } = startService(t);
    neighbours.streams = [liveStream(1, "Gate")];
    neighbours.writes = false;
    configure({ port: broker.port, commands: true });
    await broker.keeps(stateOf("gate"));
    let said = 0;
    const order = async (payload: string) => {
      await broker.say("streampulse/streams/gate/enabled/set", payload);
      said++;
      await until(() => service.health().details.commandsAccepted === said);
    };
    const wanted = () =>
      neighbours.edits.map((edit) => edit.action === "change-stream" && edit.stream.enabled);
    await order("OFF");
    await order("OFF");
    await order("ON");
    assert.deepEqual(wanted(), [false, true]);
    neighbours.write();
    await broker.keeps<StateMessage>(stateOf("gate"), ({ enabled }) => !enabled);
    // it shows what was wanted before the last one, which is on its way
    await order("OFF");
    assert.deepEqual(wanted(), [false, true, false]);
    neighbours.write();
    await broker.keeps<StateMessage>(stateOf("gate"), ({ enabled }) => enabled);
    neighbours.write();
    await broker.keeps<StateMessage>(stateOf("gate"), ({ enabled }) => !enabled);
    await order("ON");
    assert.equal(wanted().length, 4);
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
    await broker.keeps<StateMessage>(stateOf("gate"), ({ state }) => state === "down");
    assert.equal(neighbours.checked.length, before);
    assert.equal(service.health().problems.length, 0);
  });
});
