import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { generate, parser, type Packet } from "mqtt-packet";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { systemClock } from "../../common/clock";
import type { BrokerSettings } from "../../nodes/mqtt-status/broker-settings";
import { BrokerConnection } from "../../nodes/mqtt-status/connection";
import type { Link } from "../../nodes/mqtt-status/link";
import { FakeClock } from "../support/fake-clock";
import { projectRoot } from "../support/fixtures";
import { RecordingLogger } from "../support/recording-logger";
import { until } from "../support/until";
import { WatchedBroker } from "./watched-broker";

const SETTINGS: Omit<BrokerSettings, "port"> = {
  ...{ host: LOOPBACK, tls: false, websocket: false, clientId: "streampulse_test" },
  ...{ protocolVersion: 4, tlsInsecure: false },
};

function connect(
  test: TestContext,
  settings: Partial<BrokerSettings> & { port: number },
  clock = systemClock,
) {
  const logger = new RecordingLogger();
  const told = { online: 0, offline: 0, messages: 0, link: undefined as Link | undefined };
  const connection = new BrokerConnection({
    settings: { ...SETTINGS, ...settings },
    ...{ clock, logger, random: () => 0 },
    onOnline: (link) => {
      told.online++;
      told.link = link;
    },
    onOffline: () => told.offline++,
    onMessage: () => told.messages++,
    onChange: () => {},
  });
  test.after(() => connection.stop());
  connection.start();
  const failure = () => until(() => connection.failure);
  return { connection, logger, told, failure };
}

async function serve(test: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return listen(server, 0, LOOPBACK);
}

/** A broker that reads packets and does as it is told. */
function scripted(test: TestContext, answer: (packet: Packet, socket: Socket) => void): Promise<number> {
  return serve(
    test,
    createServer((socket) => {
      const packets = parser({ protocolVersion: 4 });
      packets.on("packet", (packet: Packet) => answer(packet, socket));
      socket.on("data", (chunk) => packets.parse(chunk));
    }),
  );
}

const accept = generate({ cmd: "connack", returnCode: 0, sessionPresent: false });

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

  it("waits longer from try to try, up to a minute, and at least a second", async (t) => {
    const clock = new FakeClock();
    connect(t, { port: await unusedPort() }, clock);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(await until(() => clock.nextMs));
      clock.pass(waits.at(-1) as number);
    }
    assert.deepEqual(waits, [1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
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
    const { kind, text } = await noTls.failure();
    assert.ok(["tls", "closed", "unreachable"].includes(kind), text);
    const caFile = path.join(projectRoot, "package.json");
    const wrongFile = await connect(t, { port: plain.port, tls: true, caFile }).failure();
    assert.deepEqual(wrongFile, {
      kind: "setup",
      text: 'mqtt.ca_file "package.json" holds no certificate that can be read.',
    });
    const noFile = await connect(t, { port: plain.port, tls: true, caFile: "/nowhere/ca.pem" }).failure();
    assert.equal(noFile.text, 'mqtt.ca_file "ca.pem" cannot be read (ENOENT).');
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

describe("a hostile broker", { concurrency: true }, () => {
  it("that accepts and says nothing is left after ten seconds", async (t) => {
    const port = await serve(
      t,
      createServer(() => {}),
    );
    const { failure, connection } = connect(t, { port });
    const begun = performance.now();
    const { kind, text } = await failure();
    assert.equal(kind, "no_answer");
    assert.match(text, /does not answer as an MQTT broker/);
    assert.ok(performance.now() - begun >= 9_900);
    assert.equal(connection.online, false);
  });

  it("that closes at once is tried ever less often", async (t) => {
    let connections = 0;
    const port = await serve(
      t,
      createServer((socket) => {
        connections++;
        socket.destroy();
      }),
    );
    const clock = new FakeClock();
    const { logger } = connect(t, { port }, clock);
    for (let i = 1; i <= 4; i++) {
      await until(() => clock.nextMs !== undefined);
      clock.pass(60_000);
    }
    assert.ok(connections <= 5);
    assert.equal(logger.texts().length <= 2, true, logger.texts().join("\n"));
  });

  it("that sends garbage, at once or later, harms nothing", async (t) => {
    const meet = async (first: Buffer) => {
      for (let i = 0; i < 10; i++) {
        const port = await serve(
          t,
          createServer((socket) => {
            socket.write(Buffer.concat([first, randomBytes(randomInt(2, 3000))]));
            socket.on("data", () => socket.write(randomBytes(randomInt(2, 100))));
            setTimeout(() => socket.destroy(), 300).unref();
          }),
        );
        const { failure, connection } = connect(t, { port });
        await failure();
        await connection.stop();
      }
    };
    await Promise.all([Buffer.alloc(0), accept].map(meet));
  });

  it("that announces a huge packet is cut off before it has sent it", async (t) => {
    let sent = 0;
    const port = await serve(
      t,
      createServer((socket) => {
        // a publication of 256 MB
        socket.write(Buffer.concat([accept, Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])]));
        const piece = Buffer.alloc(64 * 1024);
        const pour = () => {
          while (!socket.destroyed && socket.write(piece)) sent += piece.length;
        };
        socket.on("drain", pour);
        pour();
      }),
    );
    const { failure } = connect(t, { port });
    assert.match((await failure()).text, /sends a message that is larger than 1048576 bytes/);
    assert.ok(sent < 64 * 1024 * 1024, String(sent));
  });

  it("that sends with QoS 2 what nobody asked for is left", async (t) => {
    const message = {
      cmd: "publish",
      topic: "a",
      payload: "x",
      qos: 2,
      messageId: 1,
      retain: false,
      dup: false,
    } as const;
    const port = await scripted(t, (_packet, socket) =>
      socket.write(Buffer.concat([accept, generate(message)])),
    );
    assert.match((await connect(t, { port }).failure()).text, /QoS 2, which nobody asked for/);
  });

  it("that confirms nothing is left after half a minute", async (t) => {
    const clock = new FakeClock();
    const port = await scripted(t, ({ cmd }, socket) => {
      if (cmd === "connect") socket.write(accept);
    });
    const { told, failure } = connect(t, { port }, clock);
    const link = await until(() => told.link);
    const published = assert.rejects(link.publish("a", "b", { qos: 1, retain: false }), /Connection closed/);
    clock.pass(30_000);
    assert.match((await failure()).text, /does not confirm what it is sent/);
    await published;
    await assert.rejects(link.publish("a", "b", { qos: 0, retain: false }), /not connected/);
  });

  it("that reads nothing makes others wait, and nothing grows", async (t) => {
    const port = await serve(
      t,
      createServer((socket) => {
        socket.write(accept);
        socket.pause();
      }),
    );
    const { told } = connect(t, { port });
    const link = await until(() => told.link);
    const payload = Buffer.alloc(100_000);
    let sent = 0;
    while (!link.congested && sent < 1000) {
      await link.publish("a", payload, { qos: 0, retain: false });
      await new Promise(setImmediate);
      sent++;
    }
    assert.ok(sent < 200, `${sent} messages were taken`);
  });

  it("that takes long over goodbye is left within two seconds", async (t) => {
    const port = await scripted(t, ({ cmd }, socket) => {
      if (cmd === "connect") socket.write(accept);
      socket.allowHalfOpen = true;
    });
    const { connection, told } = connect(t, { port, willTopic: "a/b" });
    await until(() => told.online === 1);
    const begun = performance.now();
    await connection.sayOffline();
    await connection.stop();
    assert.ok(performance.now() - begun < 2000);
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
