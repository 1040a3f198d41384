import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";
import { Door } from "../support/door";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";
import { INSTALLATION, liveStream, startService, type StateMessage } from "./support";
import { WatchedBroker } from "./watched-broker";

const STREAMS = 500;
const MESSAGE_BYTES = 4000;
const numbers = Array.from({ length: STREAMS }, (_, i) => i + 1);
const stateOf = (id: number) => `streampulse/streams/cam_${id}/state`;

/** All streams with a message so long that few of them fill what the network holds. */
function streams(since: number) {
  const last = { ...liveStream(1, "").last!, message: "x".repeat(MESSAGE_BYTES) };
  return numbers.map((id) => liveStream(id, `Cam ${id}`, { since, last }));
}

describe("a broker that is slow", () => {
  it("and takes nothing for a while: nothing grows, and then it is told the newest of each", async (t) => {
    const broker = await WatchedBroker.start(t);
    const door = await Door.start(t, broker.port);
    const clock = new FakeClock();
    const { neighbours, configure, service } = startService(t, { clock });
    const untilTime = (isSo: () => boolean) =>
      until(() => {
        clock.pass(20);
        return isSo();
      });
    neighbours.streams = streams(1);
    configure({ port: door.port, per_stream: true });
    await untilTime(() => numbers.every((id) => broker.kept.has(stateOf(id))));

    door.bytesPerSecond = 0;
    const details = () => service.health().details as { published: number; queued: number };
    const begun = details().published;
    let since = 1;
    for (let before = -1; details().published > before;) {
      before = details().published;
      neighbours.change(streams(++since));
      await until(() => details().queued >= STREAMS);
      // a slice each 40 ms
      clock.pass(1000);
      await new Promise(setImmediate);
      const sent = (details().published - begun) * MESSAGE_BYTES;
      assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were sent to who takes nothing`);
    }
    for (let round = 0; round < 20; round++) {
      neighbours.change(streams(++since));
      await new Promise(setImmediate);
      clock.pass(1000);
    }
    assert.ok(details().queued <= STREAMS + 1, `${details().queued} wait`);
    assert.ok(service.current?.connected);

    door.bytesPerSecond = Infinity;
    const newest = new ZonedTime("UTC").format(since);
    const sinceOf = (id: number) => (JSON.parse(broker.kept.get(stateOf(id)) ?? "") as StateMessage).since;
    await untilTime(() => numbers.every((id) => sinceOf(id) === newest));
  });

  it("hears to the end what is taken away, when the topics move", async (t) => {
    const broker = await WatchedBroker.start(t);
    const door = await Door.start(t, broker.port);
    const clock = new FakeClock();
    const { neighbours, configure, service } = startService(t, { clock });
    const untilTime = (isSo: () => boolean | undefined, stepMs = 20) =>
      until(() => {
        clock.pass(stepMs);
        return isSo();
      });
    // more than the network holds: 8 MB
    const base = "x".repeat(900);
    const ids = Array.from({ length: 4000 }, (_, i) => i + 1);
    neighbours.streams = ids.map((id) => liveStream(id, `Cam ${id}`));
    const mqtt = { port: door.port, per_stream: true, discovery: true, topic: `${base}/status` };
    configure(mqtt);
    const keptBelow = (prefix: string) =>
      [...broker.kept.keys()].filter((topic) => topic.startsWith(`${prefix}/streams/`)).length;
    await untilTime(() => keptBelow(base) === ids.length);
    door.bytesPerSecond = 0;
    configure({ ...mqtt, topic: "streampulse/status" });
    // a second for the farewell, and half of what clearing may take
    await clock.advance(6000);
    assert.ok(keptBelow(base) > 0);
    assert.equal(service.current, undefined);
    door.bytesPerSecond = Infinity;
    // in steps so small that the other half is long enough for any machine
    await untilTime(() => broker.kept.get("streampulse/bridge/status") === "online", 1);
    assert.equal(keptBelow(base), 0);
    assert.equal(broker.kept.has(`${base}/bridge/state`), false);
    // the devices are the same ones, with other topics
    const device = `homeassistant/device/streampulse_${INSTALLATION}_1/config`;
    await untilTime(() => broker.on(device).at(-1)?.includes('"streampulse/streams/cam_1/state"'));
    assert.equal(broker.on(device).includes(""), false);
  });
});
