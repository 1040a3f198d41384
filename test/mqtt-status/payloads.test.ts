import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";
import {
  bridgeDiscovery,
  discoveryTopic,
  installationId,
  streamDiscovery,
  type DiscoveryContext,
} from "../../nodes/mqtt-status/discovery";
import { bridgePayload, eventPayload, statePayload, urgentFacts } from "../../nodes/mqtt-status/payloads";
import type { MirroredStream } from "../../nodes/mqtt-status/streams-mirror";
import { topicsOf } from "../../nodes/mqtt-status/topics";
import { deviceDiscoverySchema, DISCOVERY_TOPIC } from "./home-assistant-schema";
import { INSTALLATION, liveStream, transition } from "./support";

const origin = { installation: INSTALLATION, zone: new ZonedTime("Europe/Berlin") };
const mirrored = (...args: Parameters<typeof liveStream>) => liveStream(...args) as MirroredStream;

describe("payloads", () => {
  it("say the state of a stream", () => {
    const media = { codec: "H264", width: 1920, height: 1080, fps: 25 };
    const stream = mirrored(7, 'Küche "1"', { group: "Inside", media });
    assert.deepEqual(JSON.parse(statePayload(stream, 0.999999, { ...origin, site: "Home" })), {
      ...{ id: 7, name: 'Küche "1"', group: "Inside", site: "Home", enabled: true },
      ...{ state: "up", reason: "ok", message: "RTSP 200" },
      since: "2026-01-15T13:00:00.000000+01:00",
      checked: "2026-01-15T13:00:01.000000+01:00",
      ...{ latency_ms: 12, resolution: "1920x1080", fps: 25, codec: "H264", uptime_24h: 99.99 },
      ...{ flapping: false, installation: INSTALLATION },
    });
    const unseen = mirrored(8, "x", {
      state: "pending",
      reason: null,
      since: null,
      last: null,
      flapping: true,
    });
    assert.deepEqual(JSON.parse(statePayload(unseen, null, origin)), {
      ...{ id: 8, name: "x", group: null, enabled: true, state: "pending", reason: null, message: null },
      ...{ since: null, checked: null, latency_ms: null, resolution: null, fps: null, codec: null },
      ...{ uptime_24h: null, flapping: true, installation: INSTALLATION },
    });
    assert.equal((JSON.parse(statePayload(stream, 1, origin)) as { uptime_24h: number }).uptime_24h, 100);
  });

  it("tell at once what matters, and not each new latency", () => {
    const facts = urgentFacts(mirrored(1, "a"));
    const last = { ...liveStream(1, "a").last!, latencyMs: 99, message: "RTSP 200 again", at: 5 };
    assert.equal(urgentFacts(mirrored(1, "a", { last, media: null })), facts);
    for (const change of [
      { name: "b" },
      { state: "down" as const },
      { reason: "timeout" as const },
      { enabled: false },
      { group: "g" },
      { flapping: true as const },
      { media: { width: 640, height: 480 } },
    ]) {
      assert.notEqual(urgentFacts(mirrored(1, "a", change)), facts, JSON.stringify(change));
    }
  });

  it("say a change of state with its own time", () => {
    const event = eventPayload(transition(3), { id: 7, slug: "gate" }, origin);
    assert.deepEqual(JSON.parse(event), {
      ...{ seq: 3, at: "2026-01-15T13:00:03.000000+01:00", stream: "Gate", id: 7, slug: "gate" },
      ...{ from: "up", to: "down", reason: "timeout", text: "The device did not answer in time" },
      ...{ message: "timeout", previous_duration_seconds: 1, installation: INSTALLATION },
    });
    const unknown = JSON.parse(
      eventPayload(transition(4, "x", { reason: null, to: "paused" }), undefined, origin),
    ) as object;
    assert.deepEqual(
      { ...unknown, at: 0, message: 0 },
      {
        ...{
          seq: 4,
          at: 0,
          stream: "x",
          id: null,
          slug: null,
          from: "down",
          to: "paused",
          reason: null,
          text: null,
        },
        ...{ message: 0, previous_duration_seconds: 1, installation: INSTALLATION },
      },
    );
  });

  it("count the streams", () => {
    const streams = [mirrored(1, "a"), mirrored(2, "b", { state: "down" }), mirrored(3, "c")];
    assert.deepEqual(JSON.parse(bridgePayload(streams, "3.0.0", origin)), {
      ...{ version: "3.0.0", streams: 3, up: 2, degraded: 0, down: 1, pending: 0, paused: 0, unknown: 0 },
      installation: INSTALLATION,
    });
  });
});

describe("Home Assistant's discovery", () => {
  const context: DiscoveryContext = {
    ...{ installation: INSTALLATION, version: "3.0.0", topics: topicsOf("streampulse/status", "Home") },
    ...{ site: "Home", commands: true },
  };
  const stream = { id: 7, name: "Küche 😀", slug: "kuche", image: true };
  const read = (payload: string) => deviceDiscoverySchema.parse(JSON.parse(payload));

  it("describes a stream as documented there", () => {
    const { dev, o, avty_t, stat_t, cmps } = read(streamDiscovery(stream, context, true));
    assert.deepEqual(dev, {
      ...{ ids: [`streampulse_${INSTALLATION}_7`], name: "Küche 😀", mf: "StreamPulse", mdl: "Video stream" },
      via_device: `streampulse_${INSTALLATION}`,
    });
    assert.deepEqual(o, { name: "StreamPulse", sw: "3.0.0" });
    assert.equal(avty_t, "streampulse/home/bridge/status");
    assert.equal(stat_t, "streampulse/home/streams/kuche/state");
    assert.deepEqual(
      Object.entries(cmps).map(([key, component]) => [key, component.p]),
      [
        ["connectivity", "binary_sensor"],
        ["reason", "sensor"],
        ["latency", "sensor"],
        ["uptime", "sensor"],
        ["resolution", "sensor"],
        ["check", "button"],
        ["enabled", "switch"],
        ["image", "image"],
      ],
    );
    assert.deepEqual(cmps.latency, {
      ...{ p: "sensor", name: "Latency", ent_cat: "diagnostic", val_tpl: "{{ value_json.latency_ms }}" },
      ...{ dev_cla: "duration", unit_of_meas: "ms", stat_cla: "measurement" },
      uniq_id: `streampulse_${INSTALLATION}_7_latency`,
    });
    assert.equal((cmps.check as { cmd_t: string }).cmd_t, "streampulse/home/streams/kuche/check");
    assert.equal((cmps.enabled as { cmd_t: string }).cmd_t, "streampulse/home/streams/kuche/enabled/set");
  });

  it("takes away what is not there any more, once", () => {
    const without = { ...context, commands: false };
    const first = read(streamDiscovery({ ...stream, image: false }, without, true)).cmps;
    assert.deepEqual([first.check, first.enabled], [{ p: "button" }, { p: "switch" }]);
    const next = read(streamDiscovery({ ...stream, image: false }, without, false)).cmps;
    assert.deepEqual(Object.keys(next), ["connectivity", "reason", "latency", "uptime", "resolution"]);
  });

  it("describes StreamPulse itself", () => {
    const { dev, cmps } = read(bridgeDiscovery(context));
    assert.equal(dev.name, "StreamPulse Home");
    assert.deepEqual(Object.keys(cmps), ["connection", "streams", "up", "degraded", "down"]);
    const { connection, up } = cmps as Record<string, { stat_t: string; avty_t?: string }>;
    assert.deepEqual([connection?.stat_t, connection?.avty_t], ["streampulse/home/bridge/status", undefined]);
    assert.deepEqual(
      [up?.stat_t, up?.avty_t],
      ["streampulse/home/bridge/state", "streampulse/home/bridge/status"],
    );
  });

  it("names devices by lasting ids", () => {
    assert.match(discoveryTopic(INSTALLATION, 7), DISCOVERY_TOPIC);
    assert.match(discoveryTopic(installationId("any instance")), DISCOVERY_TOPIC);
    assert.notEqual(installationId("one"), installationId("other"));
    const ids = (name: string, slug: string) => {
      const { cmps } = read(streamDiscovery({ ...stream, name, slug }, context, false));
      return Object.values(cmps).map((component) => (component as { uniq_id: string }).uniq_id);
    };
    assert.deepEqual(ids("a", "a"), ids("b", "b"));
  });
});
