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
});
