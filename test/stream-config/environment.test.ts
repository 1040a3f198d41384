import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsSchema } from "../../contracts/settings";
import { parsed } from "./helpers";

const UNSET = "which is not set: set it, or write $${ for the text ${ itself";

describe("environment variables in config.yaml", () => {
  it("are put in their place in any value, as text, number or flag", () => {
    const { streams, settings, problems } = parsed(
      `mqtt:
  enabled: \${ON}
  host: h
  port: \${PORT}
  password: \${PASSWORD}
  topic: $\${A}/\${SITE}
services: {a: ["\${SITE}"]}
streams:
- name: Gate \${SITE}
  url: rtsp://\${USER}:\${PASSWORD}@h/$1
  tags: ["\${SITE}"]
`,
      { ON: "true", PORT: "8883", PASSWORD: "123456", SITE: "north", USER: "viewer" },
    );
    assert.deepEqual(problems, []);
    const { enabled, port, password, topic } = settings.mqtt;
    assert.deepEqual([enabled, port, password, topic], [true, 8883, "123456", "${A}/north"]);
    assert.deepEqual(settings.services, { a: ["north"] });
    assert.deepEqual(streams, [
      { name: "Gate north", url: "rtsp://viewer:123456@h/$1", enabled: true, tags: ["north"] },
    ]);
  });

  it("that are not set are named, and the key is not used", () => {
    const { streams, settings, problems } = parsed(
      'mqtt: {password: "${PW}", port: "${PORT}"}\nstreams:\n- name: A\n  url: rtsp://${U}:${PW}@h\n- name: B\n  url: rtsp://h\n  tags: ["${T}"]\n',
    );
    assert.deepEqual(problems, [
      `config.yaml:1:18: mqtt.password names the environment variable PW, ${UNSET}; it is ignored`,
      `config.yaml:1:33: mqtt.port names the environment variable PORT, ${UNSET}; 1883 is used`,
      `config.yaml:4:8: streams[0] "A": url names the environment variable U, PW, ${UNSET}; the stream is skipped`,
      `config.yaml:7:9: streams[1] "B": tags names the environment variable T, ${UNSET}; it is ignored`,
    ]);
    assert.equal(settings.mqtt.password, undefined);
    assert.deepEqual(streams, [{ name: "B", url: "rtsp://h", enabled: true }]);
  });

  it("reach no object's own properties", () => {
    const { problems } = parsed("site: ${constructor}\nstreams: []\n");
    assert.deepEqual(problems, [
      `config.yaml:1:7: site names the environment variable constructor, ${UNSET}; it is ignored`,
    ]);
  });
});

describe("credentials and problems", () => {
  it("never meet", () => {
    const env = { SECRET: "s3cret", CAMERA: "s3cret cam" };
    const broken = `mqtt:
  username: [s3cret]
  password: {s3cret: s3cret}
  host: "\${SECRET}"
  port: \${SECRET}
  topic: [s3cret]
  tls://s3cret: 1
timezone: \${SECRET}
site: [s3cret]
rtsp://viewer:s3cret@h/: 1
streams:
- viewer:s3cret@h
- name: rtsp://viewer:s3cret@h/1
  url: Gate
- name: viewer:s3cret@h
  url: Gate
- name: \${CAMERA}
  url: ftp://viewer:s3cret@h
- name: Gate
  url: rtsp://viewer:s3cret@
- name: Yard
  url: rtsp://viewer:s3cret@h:99999/s3cret
- name: Dock
  url: "rtsp://viewer:s3cret@h/\\x01"
- name: Lobby
  url: {rtsp://viewer:s3cret@h: 1}
- name: Attic
  url: rtsp://h
  level: \${SECRET}
  tags: [[s3cret]]
  viewer:s3cret@h: 1
`;
    const { problems } = parsed(broken, env);
    assert.equal(problems.length, 19);
    assert.deepEqual(
      problems.filter((line) => line.includes("s3cret")),
      [],
    );
  });
});

describe("v2.2's timeouts", () => {
  it("are handshake timeouts by protocol", () => {
    const { settings, problems } = parsed("streams: []\n", { RTSP_TIMEOUT: "4.5", MJPEG_TIMEOUT: " 3 " });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.handshake_timeout_ms, { rtsp: 4500, http: 3000 });
    assert.equal(settingsSchema.parse(settings).handshake_timeout_ms?.rtsp, 4500);
  });

  it("are warned about and ignored when they cannot be used", () => {
    const { settings, problems } = parsed("streams: []\n", { RTSP_TIMEOUT: "soon", MJPEG_TIMEOUT: "0.1" });
    assert.equal(settings.handshake_timeout_ms, undefined);
    assert.deepEqual(problems, [
      "config.yaml: the environment variable RTSP_TIMEOUT must be a number of seconds from 0.5 to 60; it is ignored",
      "config.yaml: the environment variable MJPEG_TIMEOUT must be a number of seconds from 0.5 to 60; it is ignored",
    ]);
    assert.equal(parsed("streams: []\n", { RTSP_TIMEOUT: "" }).problems.length, 0);
  });

  it("are no key of the file", () => {
    const { settings, problems } = parsed("streams: []\nhandshake_timeout_ms: {rtsp: 1000}\n");
    assert.equal(settings.handshake_timeout_ms, undefined);
    assert.deepEqual(problems, [
      "config.yaml:2:1: handshake_timeout_ms is not a key of config.yaml; it has no effect",
    ]);
  });
});
