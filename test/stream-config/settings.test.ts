import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsSchema } from "../../contracts/settings";
import { DEFAULT_CONFIG } from "../../nodes/stream-config/default-config";
import { parsed } from "./helpers";

const HEARTBEAT = "heartbeat_seconds must be a number of at least 2 and at most 3600; 20 is used";

describe("settings of config.yaml", () => {
  it("falls back to the default of each wrong key, alone", () => {
    const { settings, problems } = parsed(`timezone: Mars/Olympus
strict_status: "no"
retention: 5
probe:
  level: deep
  confirm_failures: 2.5
  max_concurrent: 12
mqtt:
  port: 70000
  qos: 3
  topic: home/cameras
streams: []
`);
    const defaults = settingsSchema.parse({});
    assert.deepEqual(settings, {
      ...defaults,
      probe: { ...defaults.probe, max_concurrent: 12 },
      mqtt: { ...defaults.mqtt, topic: "home/cameras" },
      handshake_timeout_ms: undefined,
    });
    assert.deepEqual(problems, [
      "config.yaml:1:11: timezone must be an IANA time zone such as Europe/Berlin; UTC is used",
      "config.yaml:2:16: strict_status must be true or false; false is used",
      "config.yaml:3:12: retention must be a map: write its keys below it, indented by two spaces; its defaults are used",
      "config.yaml:5:10: probe.level must be handshake or media; media is used",
      "config.yaml:6:21: probe.confirm_failures must be a whole number; 2 is used",
      "config.yaml:9:9: mqtt.port must be a number of at least 1 and at most 65535; 1883 is used",
      "config.yaml:10:8: mqtt.qos must be 0, 1 or 2; 0 is used",
    ]);
  });

  it("names the line of a heartbeat of 0 and of a word", () => {
    for (const heartbeat of ["0", "often", "[20]", "3601", ".inf"]) {
      const { settings, problems } = parsed(`streams: []\nheartbeat_seconds: ${heartbeat}\n`);
      assert.equal(settings.heartbeat_seconds, 20);
      assert.deepEqual(problems, [`config.yaml:2:20: ${HEARTBEAT}`], heartbeat);
    }
  });

  it("keeps the media interval at the heartbeat or above", () => {
    const wrong = parsed("heartbeat_seconds: 30\nprobe:\n  media_seconds: 10\nstreams: []\n");
    assert.equal(wrong.settings.probe.media_seconds, 30);
    assert.deepEqual(wrong.problems, [
      "config.yaml:3:18: probe.media_seconds must be 0 or at least heartbeat_seconds; 30 is used",
    ]);
    const unset = parsed("heartbeat_seconds: 300\nstreams: []\n");
    assert.equal(unset.settings.probe.media_seconds, 300);
    assert.deepEqual(unset.problems, []);
    assert.equal(parsed("probe: {media_seconds: 0}\nstreams: []\n").settings.probe.media_seconds, 0);
  });

  it("reads how often the picture is judged", () => {
    assert.equal(parsed("probe: {picture_minutes: 15}\nstreams: []\n").settings.probe.picture_minutes, 15);
    const wrong = parsed("streams: []\nprobe:\n  picture_minutes: -1\n");
    assert.equal(wrong.settings.probe.picture_minutes, 0);
    assert.deepEqual(wrong.problems, [
      "config.yaml:3:20: probe.picture_minutes must be a number of at least 0 and at most 10080; 0 is used",
    ]);
    const stream = parsed("streams:\n- {name: a, url: rtsp://h/a, picture_minutes: often}\n");
    assert.deepEqual(stream.problems, [
      'config.yaml:2:47: streams[0] "a": picture_minutes must be a number; it is ignored',
    ]);
  });

  it("publishes nothing without a host", () => {
    for (const host of ["", "  host:\n", "  host: ' '\n"]) {
      const { settings, problems } = parsed(`streams: []\nmqtt:\n  enabled: true\n${host}`);
      assert.equal(settings.mqtt.enabled, false);
      assert.deepEqual(problems, [
        "config.yaml:3:12: mqtt.host must name the broker, such as localhost, because mqtt.enabled is true; nothing is published",
      ]);
    }
    const wrong = parsed("streams: []\nmqtt:\n  enabled: true\n  host: [a]\n");
    assert.equal(wrong.settings.mqtt.enabled, false);
    assert.deepEqual(wrong.problems, ["config.yaml:4:9: mqtt.host must be text; it is ignored"]);
  });

  it("warns of unknown keys, guesses what was meant, and never repeats one that may be a value", () => {
    const { problems } = parsed(`heartbeat: 5
mqqt: {}
colour: red
__proto__: {heartbeat_seconds: 9}
rtsp://u:s3cret@h: 1
? [a]
: 1
mqtt:
  prot: 1883
streams: []
`);
    assert.deepEqual(problems, [
      "config.yaml:1:1: heartbeat is not a key of config.yaml; it has no effect (did you mean heartbeat_seconds?)",
      "config.yaml:2:1: mqqt is not a key of config.yaml; it has no effect (did you mean mqtt?)",
      "config.yaml:3:1: colour is not a key of config.yaml; it has no effect",
      "config.yaml:4:1: __proto__ is not a key of config.yaml; it has no effect",
      "config.yaml:5:1: (a key that is not a word) is not a key of config.yaml; it has no effect",
      "config.yaml:6:3: (a key that is not a word) must be plain text; it is ignored",
      "config.yaml:9:3: mqtt.prot is not a key of mqtt; it has no effect (did you mean port?)",
    ]);
  });

  it("reads yes and on, numbers as text and numbers in quotes, as v2.2 did", () => {
    const { settings, problems } = parsed(
      'mqtt: {enabled: on, host: 10, use_tls: Yes, port: "1884", password: 0123, username: ~}\nstreams: []\n',
    );
    assert.deepEqual(problems, []);
    const { enabled, host, use_tls, port, password, username } = settings.mqtt;
    assert.deepEqual(
      [enabled, host, use_tls, port, password, username],
      [true, "10", true, 1884, "0123", undefined],
    );
  });

  it("keeps what services holds", () => {
    const { settings } = parsed("services: {mqtt: {stopped: true}, __proto__: {a: 1}}\nstreams: []\n");
    assert.deepEqual(settings.services, { mqtt: { stopped: true } });
  });
});

describe("a newly made config.yaml", () => {
  it("holds the defaults and no problem", () => {
    const { streams, settings, problems } = parsed(DEFAULT_CONFIG);
    assert.deepEqual(problems, []);
    assert.deepEqual(streams, []);
    const defaults = settingsSchema.parse({});
    const mqtt = { ...defaults.mqtt, host: "localhost", per_stream: true, discovery: true };
    assert.deepEqual(settings, { ...defaults, mqtt, handshake_timeout_ms: undefined });
  });

  it("explains every key, and holds only keys that there are once its comments are taken away", () => {
    const keys = Object.entries(settingsSchema.shape).flatMap(([key, schema]) => {
      const section = schema.def.type === "prefault" ? schema.def.innerType : undefined;
      const inner = section && "shape" in section ? Object.keys(section.shape) : [];
      return [key, ...inner];
    });
    const missing = keys.filter((key) => !new RegExp(`^[ #]*${key}:`, "m").test(DEFAULT_CONFIG));
    // v2.2's own address, what the monitor itself keeps, and what comes from the environment
    assert.deepEqual(missing, ["api_status_url", "services", "handshake_timeout_ms"]);

    const uncommented = DEFAULT_CONFIG.replace("streams: []", "streams:")
      // sentences that begin like a key: "media: see that …", "true: the status API …"
      .replace(/^( *)# ((?:- | {2})?(?!media|true)[a-z_]+: )/gm, "$1$2");
    const { streams, problems } = parsed(uncommented, { MQTT_PASSWORD: "x" });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      streams?.map(({ name }) => name),
      ["Gate", "Yard"],
    );
  });
});
