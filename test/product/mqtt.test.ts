import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { MjpegCamera, RtspCamera, unusedPort } from "../../demo/cameras";
import { MqttBroker } from "../../demo/mqtt-broker";
import { deviceDiscoverySchema } from "../mqtt-status/home-assistant-schema";
import { WatchedBroker } from "../mqtt-status/watched-broker";
import { until } from "../support/until";
import { ProductUnderTest } from "./support";

interface State {
  id: number;
  name: string;
  state: string;
  reason: string;
  resolution: string | null;
  uptime_24h: number | null;
  enabled: boolean;
}

interface Health {
  reasons: string[];
  parts: { mqtt?: { running: boolean; problems: string[] } };
}

const gate = "streampulse/streams/gate";

describe("MQTT of the product", () => {
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  const pictures = new MjpegCamera();
  let broker: WatchedBroker;
  let product: ProductUnderTest;
  let config: { streams: object[]; heartbeat_seconds: number; mqtt: Record<string, unknown> };

  before(async () => {
    await camera.start();
    const { url } = await pictures.start();
    broker = await WatchedBroker.start({ after: () => {} } as never);
    config = {
      heartbeat_seconds: 2,
      streams: [
        { name: "Gate", url: camera.url("/live") },
        { name: "Küche", url: camera.url("/nowhere") },
        { name: "Yard", url, picture_minutes: 60 },
      ],
      mqtt: {
        ...{
          enabled: true,
          host: "127.0.0.1",
          port: broker.port,
          topic: "streampulse/status",
          interval_seconds: 5,
        },
        // as v2.2's file has it
        api_status_url: "http://localhost:7000/api/status",
        ...{ per_stream: true, discovery: true, commands: true },
      },
    };
    product = await ProductUnderTest.start(config);
    await product.untilState("Gate", "up");
  });
  after(async () => {
    await product?.stop();
    await camera.stop();
    await pictures.stop();
    await broker?.stop();
  });

  const health = () => product.api<Health>("healthz");
  const eventNumbers = () =>
    broker.on("streampulse/events").map((text) => (JSON.parse(text) as { seq: number }).seq);

  it("publishes what /api/status answers, byte for byte", async () => {
    const answers = new Set<string>();
    const published = () => broker.on("streampulse/status").at(-1);
    await until(async () => {
      const response = await fetch(`${product.running.addresses.api}api/status`);
      answers.add(await response.text());
      return answers.has(published() ?? "");
    }, 60_000);
    assert.match(published() ?? "", /^\{"Gate":\{"latency":\d+,"message":"RTSP 200",.*"K\\u00fcche":.*\}\n$/);
  });

  it("says each stream's state, and tells Home Assistant of it", async () => {
    const state = await broker.keeps<State>(`${gate}/state`, ({ resolution }) => resolution !== null);
    assert.deepEqual([state.name, state.state, state.reason, state.enabled], ["Gate", "up", "ok", true]);
    await broker.keeps<State>("streampulse/streams/kuche/state", ({ reason }) => reason === "wrong_path");
    await broker.keeps<State>(`${gate}/state`, ({ uptime_24h }) => uptime_24h !== null);
    const devices = () => broker.heard.filter(({ topic }) => topic.startsWith("homeassistant/device/"));
    await until(() => new Set(devices().map(({ topic }) => topic)).size === 4);
    for (const { payload } of devices()) deviceDiscoverySchema.parse(JSON.parse(payload));
    const { instanceId } = JSON.parse(
      readFileSync(path.join(product.dataDir, "node-red", ".config.runtime.json"), "utf8"),
    ) as { instanceId: string };
    assert.match(instanceId, /^[0-9a-f]{16}$/);
  });

  it("shows Home Assistant the picture of a stream whose pictures are looked at", async () => {
    await until(() => broker.kept.has("streampulse/streams/yard/image"));
    await until(() => {
      const devices = broker.heard.filter(({ topic }) => topic.startsWith("homeassistant/device/"));
      return devices.some(({ payload }) => payload.includes('"img_t":"streampulse/streams/yard/image"'));
    });
  });

  it("is seen in /healthz and /metrics", async () => {
    assert.deepEqual(await health().then(({ parts }) => [parts.mqtt?.running, parts.mqtt?.problems]), [
      true,
      [],
    ]);
    await until(async () => {
      const metrics = await (await fetch(`${product.running.addresses.api}metrics`)).text();
      return /^streampulse_mqtt_connected(\{\})? 1$/m.test(metrics);
    });
  });

  it("takes commands, and writes what they change into config.yaml", async () => {
    await broker.say(`${gate}/enabled/set`, "OFF");
    await broker.keeps<State>(`${gate}/state`, ({ enabled, state }) => !enabled && state === "paused");
    assert.match(readFileSync(path.join(product.dataDir, "config.yaml"), "utf8"), /"?enabled"?: false/);
    await broker.say(`${gate}/enabled/set`, "ON");
    await broker.keeps<State>(`${gate}/state`, ({ enabled, state }) => enabled && state === "up");
    const before = (await product.stream("Küche")).last?.at ?? 0;
    await broker.say("streampulse/streams/kuche/check", "PRESS");
    await until(async () => ((await product.stream("Küche")).last?.at ?? 0) > before);
  });

  it("tells after a restart what happened while nobody could be told, once and in order", async () => {
    await until(() => eventNumbers().length > 0);
    const port = broker.port;
    const numbers = eventNumbers();
    await broker.stop();
    await until(async () => ((await health()).parts.mqtt?.problems.length ?? 0) > 0);
    await camera.stop();
    await product.untilState("Gate", "down");
    await product.restart();
    broker = await WatchedBroker.start({ after: () => {} } as never, {}, port);
    await camera.start();
    await product.untilState("Gate", "up");
    await until(() => broker.on("streampulse/events").some((text) => text.includes('"to":"up"')));
    const events = broker
      .on("streampulse/events")
      .map((text) => JSON.parse(text) as { stream: string; to: string });
    assert.deepEqual(
      events.filter(({ stream }) => stream === "Gate").map(({ to }) => to),
      ["down", "up"],
    );
    const all = [...numbers, ...eventNumbers()];
    assert.deepEqual(
      all,
      [...new Set(all)].sort((one, other) => one - other),
    );
    assert.equal(await broker.keeps("streampulse/bridge/status"), "online");
  });

  it("is said to be gone when it is killed, and announces nothing twice when it is back", async () => {
    const numbers = eventNumbers();
    const { product: runtime } = product.running;
    const killed = runtime.pid as number;
    process.kill(killed, "SIGKILL");
    assert.equal(await broker.keeps("streampulse/bridge/status", (value) => value === "offline"), "offline");
    await broker.keeps("streampulse/bridge/status", (value) => value === "online");
    assert.notEqual(runtime.pid, killed);
    await until(() => runtime.addresses);
    product.running.addresses = runtime.addresses as typeof product.running.addresses;
    await product.untilState("Gate", "up");
    await camera.stop();
    await broker.keeps<State>(`${gate}/state`, ({ state }) => state === "down");
    await camera.start();
    await broker.keeps<State>(`${gate}/state`, ({ state }) => state === "up");
    const before = Math.max(...numbers);
    const later = () =>
      broker
        .on("streampulse/events")
        .map((text) => JSON.parse(text) as { seq: number; stream: string; to: string })
        .filter(({ seq, stream }) => seq > before && stream === "Gate");
    await until(() => later().length >= 2);
    // those before may come again: whether they had arrived nobody had written down yet
    assert.deepEqual(
      later().map(({ to }) => to),
      ["down", "up"],
    );
  });

  it("is live with other settings within three seconds, and leaves the monitor alone when they are wrong", async () => {
    const other = new MqttBroker();
    const port = await other.start();
    const heard: string[] = [];
    other.inner.on("publish", ({ topic }) => heard.push(topic));
    // something else may keep the machine busy, but hardly each time
    const tookMs: number[] = [];
    for (const topic of ["home/status", "house/status", "flat/status"]) {
      const begun = performance.now();
      product.writeConfig({ ...config, mqtt: { ...config.mqtt, port, topic } });
      await until(() => heard.includes(topic));
      tookMs.push(performance.now() - begun);
    }
    assert.ok(Math.min(...tookMs) < 3000, tookMs.join());
    assert.equal(broker.kept.get("streampulse/bridge/status"), "offline");

    const wrong: [mqtt: object, words: RegExp][] = [
      [{ host: "no-such-broker.invalid" }, /cannot be resolved/],
      [{ port: await unusedPort() }, /cannot be reached \(ECONNREFUSED\)/],
      [{ topic: "home/#" }, /mqtt\.topic must not contain/],
      [{ topic: "" }, /mqtt\.topic must not be empty/],
      [{ username: "u", password: "x".repeat(1024 * 1024) }, /mqtt\.password must not be longer/],
      [
        { use_tls: true, tls_port: port, ca_file: "nowhere.pem" },
        /mqtt\.ca_file "nowhere\.pem" cannot be read/,
      ],
    ];
    for (const [mqtt, words] of wrong) {
      product.writeConfig({ ...config, mqtt: { ...config.mqtt, port, ...mqtt } });
      await until(async () => words.test((await health()).parts.mqtt?.problems.join() ?? ""));
      assert.equal((await health()).parts.mqtt?.running, false);
    }
    assert.equal((await product.stream("Küche")).reason, "wrong_path");
    const checked = (await product.stream("Küche")).last?.at ?? 0;
    await until(async () => ((await product.stream("Küche")).last?.at ?? 0) > checked);
    await other.stop();
    assert.ok(!product.running.output().includes("xxxxxxxx"), "no password in the log");
  });
});
