import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { LOOPBACK } from "../../demo/cameras";
import { Door } from "../support/door";
import { makeCertificates, Mosquitto, type Certificates } from "../support/mosquitto";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { connect } from "./scripted-broker";
import { FakeNeighbours, liveStream, recent, startService } from "./support";

const USER = { name: "streampulse", password: "s3cret ä" };

/** Hears a topic, as a program of somebody else. */
async function listenTo(test: TestContext, port: number, topic: string, user?: typeof USER) {
  const credentials = user && { username: user.name, password: user.password };
  const client: MqttClient = await connectAsync({
    host: LOOPBACK,
    port,
    reconnectPeriod: 20,
    ...credentials,
  });
  test.after(() => client.endAsync(true));
  const heard: string[] = [];
  client.on("message", (_topic, payload) => heard.push(payload.toString()));
  await client.subscribeAsync(topic);
  return { client, heard };
}

describe("mosquitto", needs("mosquitto", "openssl"), () => {
  const folder = temporaryFolder();
  let certificates: Certificates;
  let open: Mosquitto;
  let guarded: Mosquitto;
  before(async () => {
    certificates = makeCertificates(folder);
    open = new Mosquitto({ folder: temporaryFolder(), certificates });
    guarded = new Mosquitto({
      folder: temporaryFolder(),
      certificates,
      user: USER,
      clientCertificates: true,
    });
    await Promise.all([open.start(), guarded.start()]);
  });
  after(() => Promise.all([open?.stop(), guarded?.stop()]));

  const ways: [name: string, use_tls: boolean, use_websocket: boolean][] = [
    ["TCP", false, false],
    ["TLS", true, false],
    ["WebSocket", false, true],
    ["TLS WebSocket", true, true],
  ];
  for (const [name, use_tls, use_websocket] of ways) {
    for (const protocol_version of [4, 5]) {
      it(`over ${name} with version ${protocol_version}`, async (t) => {
        const topic = `open/${name.replace(" ", "_")}/${protocol_version}`;
        const { heard } = await listenTo(t, open.ports.port, `${topic}/#`);
        const { neighbours, configure, service } = startService(t);
        neighbours.streams = [liveStream(1, "Gate")];
        const way = { use_tls, use_websocket, protocol_version, ca_file: certificates.ca };
        configure({ ...open.ports, ...way, per_stream: true, topic: `${topic}/status` });
        await until(
          () => heard.includes(neighbours.status) && heard.some((text) => text.includes('"name":"Gate"')),
        );
        await service.stop();
        await until(() => heard.at(-1) === "offline");
      });
    }

    it(`over ${name} with a password${use_tls ? " and a certificate" : ""}`, async (t) => {
      const topic = `guarded/${name.replace(" ", "_")}`;
      const { heard } = await listenTo(t, guarded.ports.port, topic, USER);
      const { neighbours, configure } = startService(t);
      const files = {
        ca_file: certificates.ca,
        cert_file: certificates.clientCert,
        key_file: certificates.clientKey,
      };
      const credentials = { username: USER.name, password: USER.password };
      configure({ ...guarded.ports, ...files, ...credentials, use_tls, use_websocket, topic, qos: 1 });
      await until(() => heard.includes(neighbours.status));
    });
  }

  it("refuses a wrong password, none, and a missing certificate, and it is told which", async (t) => {
    const failureOf = async (mqtt: object) => {
      const { configure, service, logger } = startService(t);
      configure({ ...guarded.ports, ...mqtt });
      const failure = await until(() => service.current?.failure);
      assert.deepEqual(logger.texts("warn"), [failure.text]);
      assert.ok(!failure.text.includes("wrong one"));
      assert.equal(service.look.fill, "red");
      await service.stop();
      return failure.kind;
    };
    assert.equal(await failureOf({ username: USER.name, password: "wrong one" }), "not_authorised");
    assert.equal(await failureOf({ protocol_version: 5 }), "not_authorised");
    const credentials = { username: USER.name, password: USER.password };
    const noCertificate = await failureOf({ ...credentials, use_tls: true, ca_file: certificates.ca });
    assert.ok(["tls", "closed"].includes(noCertificate), noCertificate);
  });

  it("has a certificate of an authority that must be named, or waived with a warning", async (t) => {
    const { configure, service, logger, neighbours } = startService(t);
    configure({ ...open.ports, use_tls: true });
    assert.equal((await until(() => service.current?.failure)).kind, "tls");
    const { heard } = await listenTo(t, open.ports.port, "waived");
    configure({ ...open.ports, use_tls: true, tls_insecure: true, topic: "waived" });
    await until(() => heard.includes(neighbours.status));
    assert.match(logger.texts("warn").at(-1) ?? "", /^mqtt\.tls_insecure is set: /);
  });

  it("says that we are gone when nobody else can, and we say when we are back", async (t) => {
    const { heard } = await listenTo(t, open.ports.port, "will/bridge/status");
    const door = await Door.start(t, open.ports.port);
    const { configure, service } = startService(t);
    configure({ port: door.port, per_stream: true, topic: "will/status" });
    await until(() => heard.at(-1) === "online");
    door.close();
    door.cut();
    await until(() => heard.at(-1) === "offline");
    const later = await listenTo(t, open.ports.port, "will/bridge/status");
    await until(() => later.heard.length > 0);
    assert.deepEqual(later.heard, ["offline"], "who comes later is told too");
    door.reopen();
    await until(() => service.current?.connected && heard.at(-1) === "online");
    assert.deepEqual(heard, ["online", "offline", "online"]);
  });

  it("finds the topics of a run before, of 3,000 streams", async (t) => {
    const neighbours = new FakeNeighbours();
    neighbours.streams = Array.from({ length: 3000 }, (_, i) => liveStream(i + 1, `Stream ${i % 2000}`));
    const { heard } = await listenTo(t, open.ports.port, "many/streams/+/state");
    const mqtt = { ...open.ports, per_stream: true, topic: "many/status" };
    const first = startService(t, { neighbours });
    first.configure(mqtt);
    await until(() => new Set(heard.filter((text) => text !== "")).size >= 3000);
    await first.service.stop();
    const kept = await keptTopics(t, "many/streams/+/state");
    assert.equal(kept.size, 3000);
    // those that made a suffix necessary are gone
    neighbours.streams = neighbours.streams.filter(({ id }) => (id ?? 0) > 1000);
    const second = startService(t, { neighbours });
    second.configure(mqtt);
    await until(async () => (await keptTopics(t, "many/streams/+/state")).size === 2000);
    assert.equal((await keptTopics(t, "many/streams/+/state")).get("many/streams/stream_5_2006/state"), 2006);
  });

  /** The id of each kept state, by topic. */
  async function keptTopics(test: TestContext, filter: string): Promise<Map<string, number>> {
    const client = await connectAsync({ host: LOOPBACK, port: open.ports.port });
    test.after(() => client.endAsync(true));
    const found = new Map<string, number>();
    // it comes behind what is kept
    const end = `end/${randomUUID()}`;
    let complete = false;
    client.on("message", (topic, payload) => {
      if (topic === end) complete = true;
      else if (payload.length === 0) found.delete(topic);
      else found.set(topic, (JSON.parse(payload.toString()) as { id: number }).id);
    });
    await client.subscribeAsync([filter, end]);
    await client.publishAsync(end, "");
    await until(() => complete);
    await client.endAsync(true);
    return found;
  }
});

describe("mosquitto that takes only small messages", needs("mosquitto"), () => {
  const MOST_BYTES = 20_000;

  it("says so by MQTT 5: what is larger is not sent, to the byte, and the connection stays", async (t) => {
    const broker = await startMosquitto(t, `max_packet_size ${MOST_BYTES}`);
    const { port } = broker.ports;
    const { heard } = await listenTo(t, port, "a/#");
    const { connection, told } = connect(t, { port, protocolVersion: 5 });
    const link = await until(() => told.link);
    // without what comes before: the kind, the length in three bytes, the topic with its length, an id, no properties
    const [most, mostConfirmed] = [MOST_BYTES - 8, MOST_BYTES - 10].map((bytes) => bytes - "a/b".length + 1);
    assert.ok(most && mostConfirmed);
    for (const [qos, bytes] of [
      [0, most],
      [1, mostConfirmed],
    ] as const) {
      await link.publish("a/b", "x".repeat(bytes), { qos, retain: false });
      await assert.rejects(link.publish("a/b", "x".repeat(bytes + 1), { qos, retain: false }), {
        name: "Error",
        message: `The broker 127.0.0.1:${port} takes no message of more than 20000 bytes; the one on a/b has 20001.`,
      });
    }
    await until(() => heard.length === 2);
    assert.deepEqual(
      heard.map(({ length }) => length),
      [most, mostConfirmed],
    );
    assert.equal(connection.failure, undefined);
  });

  it("is told everything else, and a person is told what is missing", async (t) => {
    const broker = await startMosquitto(t, `max_packet_size ${MOST_BYTES}`);
    const { port } = broker.ports;
    const { heard } = await listenTo(t, port, "streampulse/streams/+/state");
    const { neighbours, configure, service, logger } = startService(t);
    neighbours.status = JSON.stringify({ Gate: "x".repeat(50_000) });
    neighbours.streams = [liveStream(1, "Gate")];
    configure({ port, protocol_version: 5, discovery: true });
    await until(() => heard.some((text) => text.includes('"name":"Gate"')));
    for (let i = 0; i < 2; i++) {
      assert.equal(service.current?.streams?.receiveImage("Gate", Buffer.alloc(30_000)), undefined);
    }
    const missing = (topic: string, bytes: number) =>
      `The broker 127.0.0.1:${port} takes no message of more than 20000 bytes; the one on ${topic} has ${bytes}.`;
    const status = missing("streampulse/status", 50_000 + 11 + 5 + "streampulse/status".length + 2);
    const image = missing("streampulse/streams/gate/image", 30_000 + 4 + 2 + 30 + 1);
    await until(() => logger.texts("warn").length === 2);
    assert.deepEqual(logger.texts("warn"), [status, image]);
    assert.deepEqual(service.health().problems, [status]);
    assert.deepEqual(service.look, { fill: "yellow", shape: "ring", text: `connected, but: ${status}` });
    assert.equal(service.current?.connected, true);
  });
});

describe("mosquitto killed under load", needs("mosquitto"), () => {
  it("and begun again: no transition is lost, none is out of order, and the states are there again", async (t) => {
    // who listens here must hear everything, also where this machine is slow
    const broker = await startMosquitto(t, "max_queued_messages 0");
    // the publisher must not be there before the one who listens: QoS 1 promises nothing to who is not
    const door = await Door.start(t, broker.ports.port);
    const { client, heard } = await listenTo(t, broker.ports.port, "streampulse/events");

    const neighbours = new FakeNeighbours();
    neighbours.streams = [liveStream(1, "Gate")];
    const mqtt = { port: door.port, per_stream: true };
    let rig = startService(t, { neighbours });
    rig.configure(mqtt);
    await until(() => rig.service.current?.connected);
    let seq = 0;
    const load = setInterval(() => {
      for (let i = 0; i < 5; i++) neighbours.happen(recent(++seq));
    }, 5);
    t.after(() => clearInterval(load));

    for (let round = 0; round < 3; round++) {
      const from = seq;
      await until(() => seq > from + 300);
      door.close();
      await broker.kill();
      await until(() => !rig.service.current?.connected);
      const lost = seq;
      await until(() => seq > lost + 300);
      await broker.start();
      await until(() => client.connected);
      await client.subscribeAsync("streampulse/events");
      door.reopen();
      if (round === 1) {
        // the program is begun again too, while the broker is away for it
        await rig.service.stop();
        rig = startService(t, { neighbours });
        rig.configure(mqtt);
      }
      await until(() => rig.service.current?.connected);
    }
    const from = seq;
    await until(() => seq > from + 300);
    clearInterval(load);
    await until(() => heard.length > 0 && numberOf(heard.at(-1)) === seq);
    let newest = 0;
    let repeated = 0;
    for (const number of heard.map(numberOf)) {
      assert.ok(number <= newest + 1, `${number} came after ${newest}`);
      if (number <= newest) repeated++;
      newest = Math.max(newest, number);
    }
    assert.equal(newest, seq);
    assert.ok(repeated <= 4 * 64, `${repeated} came again`);
    await until(() => neighbours.delivered === seq);

    const state = await listenTo(t, broker.ports.port, "streampulse/streams/gate/state");
    await until(() => state.heard.length > 0);
  });
});

/** One that ends with the test. */
async function startMosquitto(test: TestContext, ...settings: string[]): Promise<Mosquitto> {
  const broker = new Mosquitto({ folder: temporaryFolder(test), settings });
  await broker.start();
  test.after(() => broker.stop());
  return broker;
}

function numberOf(event: string | undefined): number {
  return (JSON.parse(event ?? "{}") as { seq: number }).seq;
}
