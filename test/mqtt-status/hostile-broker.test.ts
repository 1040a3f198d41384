import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { generate, type Packet } from "mqtt-packet";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";
import { accept, connect, scripted, serve } from "./scripted-broker";

const WAYS = [false, true].flatMap((tls) => [false, true].map((websocket) => ({ tls, websocket })));

describe("a hostile broker", { concurrency: true }, () => {
  for (const { tls, websocket } of WAYS) {
    const way = `${tls ? "TLS " : ""}${websocket ? "WebSocket" : "TCP"}`;
    it(`that accepts and says nothing is left after ten seconds, over ${way}`, async (t) => {
      const port = await serve(
        t,
        createServer(() => {}),
      );
      const { failure, connection } = connect(t, { port, tls, websocket });
      const begun = performance.now();
      const { kind, text } = await failure();
      assert.equal(kind, "no_answer");
      assert.match(text, /does not answer as an MQTT broker/);
      assert.ok(performance.now() - begun >= 9_900);
      assert.equal(connection.online, false);
    });

    it(`that closes at once is told from one that is not there, over ${way}`, async (t) => {
      const port = await serve(
        t,
        createServer((socket) => socket.destroy()),
      );
      assert.deepEqual(await connect(t, { port, tls, websocket }).failure(), {
        kind: "closed",
        text: `What listens at 127.0.0.1:${port} closes the connection at once: check the port, and whether it wants TLS, WebSocket or a certificate of ours.`,
      });
    });
  }

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

  it("that sends what belongs to no conversation harms nothing", async (t) => {
    const messageId = () => randomInt(1, 5);
    const reasonCode = () => randomInt(0, 160);
    const kinds: (() => Packet)[] = [
      ...(["puback", "pubrec", "pubrel", "pubcomp"] as const).map((cmd) => () => ({
        ...{ cmd, messageId: messageId(), reasonCode: 0 },
      })),
      () => ({ cmd: "suback", messageId: messageId(), granted: [randomInt(0, 3), 128] }),
      () => ({ cmd: "unsuback", messageId: messageId(), granted: [0] }),
      () => ({ cmd: "pingresp" }),
      () => ({ cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: false }),
      () => ({ cmd: "disconnect", reasonCode: reasonCode() }),
      () => ({
        ...{ cmd: "publish", topic: "a", payload: "x", retain: false, dup: false },
        ...{ qos: randomInt(0, 3) as 0 | 1 | 2, messageId: messageId() },
      }),
    ];
    const meet = async (protocolVersion: 4 | 5) => {
      const packets = Array.from(
        { length: randomInt(1, 30) },
        () => kinds[randomInt(kinds.length)]?.() as Packet,
      );
      const version = { protocolVersion };
      const greeting = generate(
        { cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: false },
        version,
      );
      const port = await serve(
        t,
        createServer((socket) => {
          socket.once("data", () => {
            socket.write(Buffer.concat([greeting, ...packets.map((packet) => generate(packet, version))]));
            socket.end();
          });
        }),
      );
      const { failure, connection } = connect(t, { port, protocolVersion });
      await failure();
      await connection.stop();
    };
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => meet(index % 2 === 0 ? 4 : 5)));
    }
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
    const { told, failure, connection } = connect(t, { port }, clock);
    const link = await until(() => told.link);
    const publish = () =>
      assert.rejects(link.publish("a", "b", { qos: 1, retain: false }), /Connection closed/);
    const published = [publish()];
    // that more follows is no reason to wait longer
    for (let i = 0; i < 2; i++) {
      clock.pass(14_999);
      published.push(publish());
    }
    assert.equal(connection.online, true);
    clock.pass(2);
    assert.match((await failure()).text, /does not confirm what it is sent/);
    await Promise.all(published);
    await assert.rejects(link.publish("a", "b", { qos: 0, retain: false }), /not connected/);
  });

  it("that confirms slowly, one after the other, is kept", async (t) => {
    const clock = new FakeClock();
    const waiting: (() => void)[] = [];
    const port = await scripted(t, (packet, socket) => {
      if (packet.cmd === "connect") socket.write(accept);
      if (packet.cmd !== "publish") return;
      const { messageId } = packet;
      waiting.push(() => socket.write(generate({ cmd: "puback", messageId })));
    });
    const { told, connection } = connect(t, { port }, clock);
    const link = await until(() => told.link);
    const published = [1, 2, 3].map(() => link.publish("a", "b", { qos: 1, retain: false }));
    for (const one of published) {
      await until(() => waiting.length > 0);
      clock.pass(29_999);
      waiting.shift()?.();
      await one;
    }
    clock.pass(60_000);
    assert.equal(connection.online, true);
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
    const clock = new FakeClock();
    const { connection, told } = connect(t, { port, willTopic: "a/b" }, clock);
    await until(() => told.online === 1);
    const begun = clock.elapsed();
    let leftAfterMs: number | undefined;
    const leaving = connection.sayOffline(1000).then(() => connection.stop());
    void leaving.then(() => (leftAfterMs = clock.elapsed() - begun));
    await clock.advance(999);
    assert.equal(leftAfterMs, undefined, "it might still confirm");
    await clock.advance(1000);
    await leaving;
    assert.ok(leftAfterMs !== undefined && leftAfterMs < 2000);
  });
});
