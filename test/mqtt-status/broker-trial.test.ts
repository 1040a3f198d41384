import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MASKED_SECRET } from "../../contracts";
import { receiveMessage } from "../../nodes/mqtt-status/receive-message";
import { unusedPort } from "../../demo/cameras";
import { until } from "../support/until";
import { startService } from "./support";
import { WatchedBroker } from "./watched-broker";

describe("a broker that is tried once", () => {
  it("is connected to and told nothing; the asker's message comes back with the answer", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { service, neighbours } = startService(t);
    receiveMessage(service, { topic: "test", _client: 7, payload: { host: "127.0.0.1", port: broker.port } });
    await until(() => neighbours.trials.length === 1);
    assert.deepEqual(neighbours.trials, [
      {
        topic: "test",
        _client: 7,
        statusCode: 200,
        payload: {
          ok: true,
          code: "connected",
          message: `Connected to the broker 127.0.0.1:${broker.port}.`,
        },
      },
    ]);
    assert.deepEqual(broker.heard, []);
  });

  it("that is not there, and settings that cannot be, are answered with a sentence", async (t) => {
    const { service, neighbours } = startService(t);
    const port = await unusedPort();
    receiveMessage(service, { topic: "test", payload: { host: "127.0.0.1", port } });
    receiveMessage(service, { topic: "test", payload: { host: "mqtt://broker" } });
    receiveMessage(service, { topic: "test", payload: { host: "broker", port: 0 } });
    await until(() => neighbours.trials.length === 3);
    assert.deepEqual(
      neighbours.trials.map(({ payload }) => payload),
      [
        {
          ok: false,
          code: "unreachable",
          message: `The broker 127.0.0.1:${port} cannot be reached (ECONNREFUSED): check mqtt.host and the port, and whether the broker runs.`,
        },
        {
          ok: false,
          code: "setup",
          message:
            "mqtt.host must be a host name or address alone, without mqtt:// in front; nothing is published.",
        },
        { ok: false, code: "setup", message: "mqtt.port: must be a number of at least 1 and at most 65535." },
      ],
    );
  });

  it("gets a hidden password only where that was saved for it", async (t) => {
    const passwords: string[] = [];
    const broker = await WatchedBroker.start(t, {
      authenticate: (_client, _username, password, done) => {
        passwords.push(String(password));
        done(null, true);
      },
    });
    const { service, neighbours, configure } = startService(t);
    const saved = { host: "127.0.0.1", port: broker.port, username: "cam", password: "s3cret" };
    configure(saved);
    await until(() => service.health().running);
    const hidden = { ...saved, password: MASKED_SECRET };
    receiveMessage(service, { topic: "test", payload: hidden });
    receiveMessage(service, { topic: "test", payload: { ...hidden, host: "localhost" } });
    await until(() => neighbours.trials.length === 2);
    assert.deepEqual(
      neighbours.trials.map(({ payload }) => payload),
      [
        { ok: true, code: "connected", message: `Connected to the broker 127.0.0.1:${broker.port}.` },
        { ok: false, code: "password", message: "Type the password: the hidden one was for 127.0.0.1." },
      ],
    );
    assert.deepEqual(passwords, ["s3cret", "s3cret"]);
  });

  it("gets what the environment holds where it is the one in force, and no other", async (t) => {
    const logins: string[] = [];
    const broker = await WatchedBroker.start(t, {
      authenticate: (_client, username, password, done) => {
        logins.push(`${username} ${String(password)}`);
        done(null, true);
      },
    });
    process.env.MQTT_TEST_SECRET = "nobody's business";
    t.after(() => delete process.env.MQTT_TEST_SECRET);
    const { service, neighbours, configure } = startService(t);
    configure({ host: "127.0.0.1", port: broker.port, username: "cams", password: "pa${x" });
    await until(() => service.health().running);
    const tried = async (payload: object) => {
      const before = neighbours.trials.length;
      receiveMessage(service, { topic: "test", payload });
      const trial = await until(() => neighbours.trials[before]);
      return (trial.payload as { message: string }).message;
    };
    logins.length = 0;
    const connected = `Connected to the broker 127.0.0.1:${broker.port}.`;
    const named = {
      host: "${MQTT_HOST}",
      port: "${MQTT_PORT}",
      username: "${MQTT_USER}",
      password: "${MQTT_PASSWORD}",
    };
    assert.equal(await tried(named), connected);
    assert.equal(await tried({ ...named, host: "127.0.0.1", username: "x-${MQTT_TEST_SECRET}" }), connected);
    // for a text that only looks like a name there are two signs
    assert.equal(await tried({ ...named, username: "a$${b}", password: "pa$${x" }), connected);
    assert.deepEqual(logins.splice(0), ["cams pa${x", "cams pa${x", "a${b} pa${x"]);
    assert.equal(
      await tried({ ...named, host: "localhost", port: broker.port, password: "typed" }),
      "mqtt.username names the environment: type the value itself; the hidden one was for 127.0.0.1.",
    );
    assert.equal(
      await tried({ ...named, host: "localhost" }),
      "Type the password: the hidden one was for 127.0.0.1.",
    );
    assert.equal(
      await tried({ host: "localhost", port: broker.port, client_id: "${MQTT_TEST_SECRET}" }),
      "mqtt.client_id names the environment: type the value itself; the hidden one was for 127.0.0.1.",
    );
    assert.deepEqual(logins, []);
  });
});
