import assert from "node:assert/strict";
import os from "node:os";
import { describe, it } from "node:test";
import { mqttSettingsSchema } from "../../contracts";
import { readPublisherSettings } from "../../nodes/mqtt-status/publisher-settings";
import { readForm } from "../../nodes/mqtt-status/read-form";
import { isOwnStatus } from "../../nodes/mqtt-status/status-source";

const context = { timezone: "UTC", folder: "/data", clientId: "streampulse_x", apiPort: 7123 };
const read = (mqtt: object, site?: string) =>
  readPublisherSettings(mqttSettingsSchema.parse({ enabled: true, host: "broker", ...mqtt }), {
    ...context,
    site,
  });

describe("settings of MQTT", () => {
  it("take v2.2's port for each way to connect", () => {
    const ports = { port: 1, ws_port: 2, tls_port: 3, tls_ws_port: 4 };
    const portOf = (use_tls: boolean, use_websocket: boolean) =>
      read({ ...ports, use_tls, use_websocket }).settings?.broker.port;
    assert.deepEqual(
      [portOf(false, false), portOf(false, true), portOf(true, false), portOf(true, true)],
      [1, 2, 3, 4],
    );
    assert.equal(read({}).settings?.broker.port, 1883);
    assert.equal(read({ use_websocket: true, use_tls: true }).settings?.broker.port, 8884);
  });

  it("read what is published", () => {
    const { settings, warnings } = read({ api_status_url: "http://localhost:7000/api/status" }, " Home ");
    assert.deepEqual(warnings, []);
    assert.deepEqual(settings, {
      broker: {
        ...{
          host: "broker",
          port: 1883,
          tls: false,
          websocket: false,
          username: undefined,
          password: undefined,
        },
        ...{ clientId: "streampulse_x", protocolVersion: 4, tlsInsecure: false },
        ...{ caFile: undefined, certFile: undefined, keyFile: undefined, willTopic: undefined },
      },
      topics: settings?.topics,
      ...{ qos: 0, retain: false, intervalMs: 5000, statusUrl: undefined },
      ...{ perStream: false, discovery: false, commands: false, site: "Home", timezone: "UTC" },
    });
    for (const key of ["per_stream", "discovery", "commands"]) {
      const found = read({ [key]: true }, "Home").settings;
      assert.equal(found?.perStream, true, key);
      assert.equal(found?.broker.willTopic, "streampulse/home/bridge/status");
    }
    const files = read({ host: "[::1]", ca_file: "ca.pem", cert_file: "/c", key_file: "k" }).settings?.broker;
    assert.deepEqual(
      [files?.host, files?.caFile, files?.certFile, files?.keyFile],
      ["::1", "/data/ca.pem", "/c", "/data/k"],
    );
  });

  it("raise an interval that is too short, and warn of accepting any certificate", () => {
    const { settings, warnings } = read({ interval_seconds: 2, use_tls: true, tls_insecure: true });
    assert.equal(settings?.intervalMs, 5000);
    assert.equal(warnings.length, 2);
    assert.equal(warnings[0], "mqtt.interval_seconds is 2, which is too often: 5 is used");
    assert.match(warnings[1] ?? "", /^mqtt\.tls_insecure is set: /);
    assert.deepEqual(read({ tls_insecure: true }).warnings, []);
  });

  const faults: [mqtt: object, fault: RegExp][] = [
    [{ host: " " }, /^mqtt\.host must name the broker/],
    [{ host: "mqtt://broker" }, /^mqtt\.host must be a host name or address alone, without mqtt:\/\//],
    [{ host: "broker:1883" }, /^mqtt\.host .*mqtt\.port/],
    [{ host: "a b" }, /^mqtt\.host must be a host name or address;/],
    [{ host: "user@host" }, /^mqtt\.host/],
    [{ topic: "" }, /^mqtt\.topic must not be empty/],
    [{ topic: "home/+/status" }, /^mqtt\.topic must not contain \+ or #/],
    [{ topic: "home/events", per_stream: true }, /^mqtt\.topic must be another, because events/],
    [
      { password: "x".repeat(1024 * 1024), username: "u" },
      /^mqtt\.password must not be longer than 65535 bytes/,
    ],
    [{ username: "a\u0000b" }, /^mqtt\.username must not contain/],
    [{ password: "x" }, /^mqtt\.username must be set too/],
    [{ cert_file: "c" }, /^mqtt\.key_file and mqtt\.cert_file need each other/],
    [{ api_status_url: "ftp://h/x" }, /^mqtt\.api_status_url must be a URL/],
    [{ api_status_url: "nonsense" }, /^mqtt\.api_status_url must be a URL/],
  ];
  for (const [mqtt, fault] of faults) {
    it(`refuse ${JSON.stringify(mqtt).slice(0, 60)} in one line`, () => {
      const found = read(mqtt);
      assert.equal(found.settings, undefined);
      assert.match(found.fault ?? "", fault);
      assert.ok((found.fault ?? "").length < 200);
      assert.match(found.fault ?? "", /; nothing is published\.$/);
    });
  }

  it("know their own API by loopback, name and address", () => {
    for (const url of [
      "http://localhost:7000/api/status",
      "http://127.0.0.1:7000/api/status",
      "http://[::1]:7123/api/status",
      `http://${os.hostname()}:7000/api/status`,
    ]) {
      assert.equal(isOwnStatus(url, 7123), true, url);
      assert.equal(read({ api_status_url: url }).settings?.statusUrl, undefined);
    }
    for (const url of ["http://127.0.0.1:7001/api/status", "http://192.0.2.1:7000/api/status"]) {
      assert.equal(isOwnStatus(url, 7123), false, url);
      assert.equal(read({ api_status_url: url }).settings?.statusUrl, url);
    }
  });
});

describe("the form of mqtt-status", () => {
  it("is empty without a broker, and otherwise has the same defaults as config.yaml", () => {
    assert.deepEqual(readForm({ host: " ", port: "77" }, undefined), { form: null });
    assert.deepEqual(readForm({ host: "broker" }, undefined), {
      form: { mqtt: mqttSettingsSchema.parse({ enabled: true, host: "broker" }), site: undefined },
    });
  });

  it("reads texts as Node-RED keeps them", () => {
    const read = readForm(
      {
        ...{
          host: "broker",
          protocol: "wss",
          port: "443",
          protocol_version: "5",
          qos: "1",
          interval_seconds: "30",
        },
        ...{ mqtt_topic: "a/b", per_stream: true, retain: true, site: " Home " },
      },
      { username: "u", password: "p" },
    );
    assert.ok("form" in read && read.form);
    const { mqtt, site } = read.form;
    assert.deepEqual(
      [mqtt.use_tls, mqtt.use_websocket, mqtt.tls_ws_port, mqtt.port, mqtt.protocol_version, mqtt.qos],
      [true, true, 443, 1883, 5, 1],
    );
    assert.deepEqual(
      [mqtt.interval_seconds, mqtt.topic, mqtt.per_stream, mqtt.retain, mqtt.username, mqtt.password, site],
      [30, "a/b", true, true, "u", "p", "Home"],
    );
  });

  it("says what is wrong", () => {
    assert.deepEqual(readForm({ host: "b", protocol: "gopher" }, undefined), {
      fault: 'protocol must be one of mqtt, mqtts, ws, wss, not "gopher"',
    });
    assert.deepEqual(readForm({ host: "b", port: "99999" }, undefined), {
      fault: "port must be a number of at least 1 and at most 65535",
    });
    assert.deepEqual(readForm({ host: "b", qos: "x" }, undefined), { fault: "qos must be 0, 1 or 2" });
  });
});
