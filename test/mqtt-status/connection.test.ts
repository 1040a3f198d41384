import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { describe, it } from "node:test";
import { generate, parser, type Packet } from "mqtt-packet";
import { unusedPort } from "../../demo/cameras";
import { FakeClock } from "../support/fake-clock";
import { projectRoot } from "../support/fixtures";
import { until } from "../support/until";
import { connect, scripted, serve } from "./scripted-broker";
import { WatchedBroker } from "./watched-broker";

// each waits most of the time
describe("why there is no connection", { concurrency: true }, () => {
  it("is told once, with what to do, however often it is tried", async (t) => {
    const clock = new FakeClock();
    const port = await unusedPort();
    const { connection, logger, told, failure } = connect(t, { port }, clock);
    await failure();
    for (let i = 0; i < 5; i++) {
      await until(() => clock.nextMs !== undefined);
      clock.pass(60_000);
    }
    assert.deepEqual(logger.texts(), [
      `The broker 127.0.0.1:${port} cannot be reached (ECONNREFUSED): check mqtt.host and the port, and whether the broker runs.`,
    ]);
    assert.equal(connection.failure?.kind, "unreachable");
    assert.deepEqual([told.online, told.offline], [0, 0]);
  });

  const waits: [random: number, ms: number[]][] = [
    [0, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    [0.5, [1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]],
    [1, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
  ];
  for (const [random, expected] of waits) {
    it(`waits longer from try to try, from 1 to 60 s, at random: ${random}`, async (t) => {
      const clock = new FakeClock();
      connect(t, { port: await unusedPort() }, clock, random);
      const waited: number[] = [];
      for (let i = 0; i < expected.length; i++) {
        waited.push(await until(() => clock.nextMs));
        clock.pass(waited.at(-1) as number);
      }
      assert.deepEqual(waited, expected);
    });
  }

  it("waits as at first again after a connection that held for ten seconds, and not after a shorter one", async (t) => {
    const port = await unusedPort();
    const clock = new FakeClock();
    const { connection } = connect(t, { port }, clock);
    for (let i = 0; i < 4; i++) clock.pass(await until(() => clock.nextMs));
    const nextWait = async (heldMs: number) => {
      const broker = await WatchedBroker.start(t, {}, port);
      clock.pass(await until(() => clock.nextMs));
      await until(() => connection.online);
      clock.pass(heldMs);
      await broker.stop();
      await until(() => !connection.online);
      return clock.nextMs;
    };
    assert.equal(await nextWait(9_999), 30_000);
    assert.equal(await nextWait(10_000), 1000);
  });

  it("can be an unknown host name", async (t) => {
    const { failure } = connect(t, { host: "no-such-broker.invalid", port: 1883 });
    const { kind, text } = await failure();
    assert.equal(kind, "dns");
    assert.equal(
      text,
      "The host name of the broker no-such-broker.invalid:1883 cannot be resolved: check mqtt.host.",
    );
  });

  const refusals: [code: number, version: 4 | 5, kind: string, text: RegExp][] = [
    [4, 4, "credentials", /refuses the user name or password: check mqtt\.username and mqtt\.password\.$/],
    [5, 4, "not_authorised", /does not authorise this client/],
    [2, 4, "client_id", /refuses the client id "streampulse_test"/],
    [3, 4, "refused", /refuses the connection: Server unavailable \(code 3\)\.$/],
    [1, 4, "refused", /Unacceptable protocol version \(code 1\)/],
    [134, 5, "credentials", /user name or password/],
    [135, 5, "not_authorised", /does not authorise/],
    [133, 5, "client_id", /client id/],
    [137, 5, "refused", /Server busy \(code 137\)/],
  ];
  for (const [code, protocolVersion, expected, words] of refusals) {
    it(`can be code ${code} of the broker: ${expected}`, async (t) => {
      const connack = { cmd: "connack", returnCode: code, reasonCode: code, sessionPresent: false } as const;
      const port = await scripted(t, (_packet, socket) => socket.end(generate(connack, { protocolVersion })));
      const { failure, logger } = connect(t, { port, protocolVersion });
      const { kind, text } = await failure();
      assert.equal(kind, expected);
      assert.match(text, words);
      assert.deepEqual(logger.texts("warn"), [text]);
    });
  }

  it("can be a client that took over the session", async (t) => {
    const taken = { cmd: "disconnect", reasonCode: 142 } as const;
    const port = await scripted(t, (_packet, socket) => {
      const connack = { cmd: "connack", reasonCode: 0, sessionPresent: false } as const;
      socket.write(generate(connack, { protocolVersion: 5 }));
      socket.end(generate(taken, { protocolVersion: 5 }));
    });
    const { failure, told } = connect(t, { port, protocolVersion: 5 });
    assert.equal((await failure()).kind, "taken_over");
    assert.deepEqual([told.online, told.offline], [1, 1]);
  });

  it("can be one that took it over without a word, as MQTT 3.1.1 has it: then it says so, and waits", async (t) => {
    const broker = await WatchedBroker.start(t);
    const clock = new FakeClock();
    const one = connect(t, { port: broker.port }, clock);
    await until(() => one.connection.online);
    const other = connect(t, { port: broker.port });
    await until(() => one.connection.failure);
    assert.match(one.connection.failure?.text ?? "", /closed the connection\.$/);
    clock.pass(1000);
    await until(() => one.connection.online);
    await until(() => !other.connection.online);
    await until(() => other.connection.online && !one.connection.online);
    assert.equal(one.connection.failure?.kind, "closed");
    assert.match(
      one.connection.failure?.text ?? "",
      /another client may use the client id "streampulse_test"/,
    );
    assert.equal(one.logger.texts("info").length, 1, "being connected for a moment is no news");
  });

  it("can be no encryption where there should be, and a certificate that nobody knows", async (t) => {
    const plain = await WatchedBroker.start(t);
    const noTls = connect(t, { port: plain.port, tls: true });
    assert.equal((await noTls.failure()).kind, "closed");
    const caFile = path.join(projectRoot, "package.json");
    const wrongFile = await connect(t, { port: plain.port, tls: true, caFile }).failure();
    assert.deepEqual(wrongFile, {
      kind: "setup",
      text: 'mqtt.ca_file "package.json" holds no certificate that can be read.',
    });
    const noFile = await connect(t, { port: plain.port, tls: true, caFile: "/nowhere/ca.pem" }).failure();
    assert.equal(noFile.text, 'mqtt.ca_file "ca.pem" cannot be read (ENOENT).');
    const endless = await connect(t, { port: plain.port, tls: true, caFile: "/dev/zero" }).failure();
    assert.equal(endless.text, 'mqtt.ca_file "zero" is no file.');
    const pair = { certFile: caFile, keyFile: caFile };
    assert.match(
      (await connect(t, { port: plain.port, tls: true, ...pair }).failure()).text,
      /^mqtt\.cert_file "package\.json" and/,
    );
  });

  it("can be a web server, with WebSocket and without", async (t) => {
    const port = await serve(
      t,
      createHttpServer((_request, response) => response.writeHead(404).end()),
    );
    const socket = await connect(t, { port, websocket: true }).failure();
    assert.equal(socket.kind, "websocket");
    assert.match(socket.text, /Unexpected server response: 404/);
    assert.match((await connect(t, { port }).failure()).kind, /^(protocol|closed)$/);
  });
});

describe("what a broker of MQTT 5 rules out", () => {
  it("is not done", async (t) => {
    const heard: Packet[] = [];
    const port = await serve(
      t,
      createServer((socket) => {
        const packets = parser({ protocolVersion: 5 });
        packets.on("packet", (packet: Packet) => {
          heard.push(packet);
          const properties = { maximumQoS: 0, retainAvailable: false, receiveMaximum: 3 };
          const connack = { cmd: "connack", reasonCode: 0, sessionPresent: false, properties } as const;
          if (packet.cmd === "connect") socket.write(generate(connack, { protocolVersion: 5 }));
        });
        socket.on("data", (chunk) => packets.parse(chunk));
      }),
    );
    const { told } = connect(t, { port, protocolVersion: 5 });
    const link = await until(() => told.link);
    assert.equal(link.receiveMaximum, 3);
    await link.publish("a", "b", { qos: 1, retain: true });
    const packet = await until(() => heard.find(({ cmd }) => cmd === "publish"));
    assert.ok(packet.cmd === "publish");
    assert.deepEqual([packet.qos, packet.retain], [0, false]);
  });
});
