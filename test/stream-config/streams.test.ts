import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parseStreamUrl } from "../../common/stream-url";
import { fixture } from "../support/fixtures";
import { parsed } from "./helpers";

const SKIPPED = "the stream is skipped";
const SCHEMES = "rtsp://, rtsps://, http:// or https://";

/** The names that are left and what is said about the others. */
function namesAndProblems(text: string, env?: Record<string, string>) {
  const { streams, problems } = parsed(text, env);
  return { names: streams?.map(({ name }) => name), problems };
}

describe("streams of config.yaml", () => {
  it("reads v2.2's file as it is", () => {
    const { streams, settings, problems } = parsed(readFileSync(fixture("v2.2", "config.yaml"), "utf8"));
    assert.deepEqual(problems, []);
    assert.deepEqual(streams, [
      { name: "Gate Camera", url: "rtsp://127.0.0.1:8554/cam/gate", enabled: true },
      { name: "Küche 1", url: "rtsp://127.0.0.1:8554/cam/kueche", enabled: true },
      { name: "2nd floor", url: "rtsp://127.0.0.1:8554/cam/second?channel=1&subtype=0", enabled: true },
      { name: "Yard (auth)", url: "rtsp://viewer:s3cret@127.0.0.1:8554/401/yard", enabled: true },
      { name: "Old NVR", url: "rtsp://127.0.0.1:8554/404/nvr", enabled: true },
      { name: "Dock", url: "rtsp://127.0.0.1:8554/dead/dock", enabled: true },
      { name: "Attic", url: "rtsp://127.0.0.1:8555/attic", enabled: true },
      { name: "Lobby MJPEG", url: "http://127.0.0.1:8554/mjpg/video.mjpg", enabled: true },
      { name: "Parking MJPEG", url: "http://127.0.0.1:8554/404/parking.mjpg", enabled: true },
    ]);
    assert.equal(settings.heartbeat_seconds, 5);
    assert.equal(settings.timezone, "Asia/Calcutta");
    assert.equal(settings.mqtt.enabled, true);
    assert.equal(settings.mqtt.host, "broker.example");
    assert.equal(settings.mqtt.api_status_url, "http://localhost:7000/api/status");
    assert.equal(settings.mqtt.per_stream, false);
  });

  it("reads every key of a stream", () => {
    const { streams, problems } = parsed(`streams:
- name: Gate
  url: rtsps://h/1
  enabled: no
  group: 7
  tags: [north, 2]
  heartbeat_seconds: 60
  timeout_ms: 5000
  level: handshake
  picture_minutes: 2.5
  transport: udp
  confirm_failures: 3
  tls_verify: true
`);
    assert.deepEqual(problems, []);
    assert.deepEqual(streams, [
      {
        name: "Gate",
        url: "rtsps://h/1",
        enabled: false,
        group: "7",
        tags: ["north", "2"],
        heartbeat_seconds: 60,
        timeout_ms: 5000,
        level: "handshake",
        picture_minutes: 2.5,
        transport: "udp",
        confirm_failures: 3,
        tls_verify: true,
      },
    ]);
  });

  it("skips an unknown scheme alone", () => {
    assert.deepEqual(
      namesAndProblems(
        "streams:\n- name: A\n  url: rtmp://u:s3cret@h/live\n- name: B\n  url: h/live\n- name: C\n  url: rtsp://h\n",
      ),
      {
        names: ["C"],
        problems: [
          `config.yaml:3:8: streams[0] "A": url must begin with ${SCHEMES}, not rtmp://; ${SKIPPED}`,
          `config.yaml:5:8: streams[1] "B": url must begin with ${SCHEMES}; ${SKIPPED}`,
        ],
      },
    );
  });

  it("skips empty, missing and second names and URLs, naming the line of the first", () => {
    assert.deepEqual(
      namesAndProblems(`streams:
- name: Gate
  url: rtsp://h/1
- name: "Gate"
  url: rtsp://h/2
- name: ""
  url: rtsp://h/3
- name:
  url: rtsp://h/4
- url: rtsp://h/5
- name: Yard
- name: Dock
  url: ~
`),
      {
        names: ["Gate"],
        problems: [
          `config.yaml:4:9: streams[1] "Gate": name is taken already, on line 2: give each stream a name of its own; ${SKIPPED}`,
          `config.yaml:6:9: streams[2]: name must not be empty; ${SKIPPED}`,
          `config.yaml:8:3: streams[3]: name must not be empty; ${SKIPPED}`,
          `config.yaml:10:3: streams[4]: name must not be empty; ${SKIPPED}`,
          `config.yaml:11:3: streams[5] "Yard": url must not be empty; ${SKIPPED}`,
          `config.yaml:13:8: streams[6] "Dock": url must not be empty; ${SKIPPED}`,
        ],
      },
    );
  });

  it("takes names with quotes, slashes, __proto__, emoji and 200 characters, and numbers as text", () => {
    const long = "📷".repeat(200);
    const names = [`"Gate" 'A'`, "a/../b\\c", "__proto__", "constructor", "🐈 Küche", long];
    const quoted = names.map((name) => `- name: ${JSON.stringify(name)}\n  url: rtsp://h\n`).join("");
    const plain = ["007", "12.50", "yes", "0x1F"]
      .map((name) => `- name: ${name}\n  url: rtsp://h\n`)
      .join("");
    assert.deepEqual(namesAndProblems(`streams:\n${quoted}${plain}`), {
      names: [...names, "007", "12.50", "yes", "0x1F"],
      problems: [],
    });
    assert.equal(({} as Record<string, unknown>).url, undefined);
  });

  it("refuses a name of 201 characters and one with control characters", () => {
    assert.deepEqual(
      namesAndProblems(
        `streams:\n- name: ${"x".repeat(201)}\n  url: rtsp://h\n- name: "a\\nb"\n  url: rtsp://h\n- name: ok\n  url: rtsp://h\n`,
      ),
      {
        names: ["ok"],
        problems: [
          `config.yaml:2:9: streams[0]: name must not be longer than 200 characters; ${SKIPPED}`,
          `config.yaml:4:9: streams[1]: name must not contain control characters; ${SKIPPED}`,
        ],
      },
    );
  });

  it("keeps a URL with special characters in its password as it is", () => {
    const url = "rtsp://admin:p@ss#1/2?x:y@10.0.0.9:554/ch1";
    const { streams, problems } = parsed(`streams:\n- name: A\n  url: ${url}\n`);
    assert.deepEqual(problems, []);
    assert.equal(streams?.[0]?.url, url);
    assert.equal(parseStreamUrl(url).password, "p@ss#1/2?x:y");
  });

  it("refuses control characters in a URL", () => {
    assert.deepEqual(
      namesAndProblems(
        'streams:\n- name: A\n  url: "rtsp://h/\\x07"\n- name: B\n  url: "rtsp://h/a\\r\\nX: y"\n',
      ),
      {
        names: [],
        problems: [
          `config.yaml:3:8: streams[0] "A": url must not contain spaces or control characters (write a space as %20); ${SKIPPED}`,
          `config.yaml:5:8: streams[1] "B": url must not contain spaces or control characters (write a space as %20); ${SKIPPED}`,
        ],
      },
    );
  });

  it("leaves out a wrong key that a stream can do without", () => {
    const { streams, problems } = parsed(
      "streams:\n- name: A\n  url: rtsp://h\n  heartbeat_seconds: often\n  level: deep\n  tags: x\n  group: g\n",
    );
    assert.deepEqual(streams, [{ name: "A", url: "rtsp://h", enabled: true, group: "g" }]);
    assert.deepEqual(problems, [
      'config.yaml:4:22: streams[0] "A": heartbeat_seconds must be a number; it is ignored',
      'config.yaml:5:10: streams[0] "A": level must be handshake or media; it is ignored',
      'config.yaml:6:9: streams[0] "A": tags must be a list, such as [outdoor, north]; it is ignored',
    ]);
  });

  it("skips entries that are no maps, and warns once of each unknown key", () => {
    assert.deepEqual(
      namesAndProblems(
        "streams:\n- rtsp://u:s3cret@h\n- [x]\n-\n- name: A\n  url: rtsp://h\n  gruop: x\n- name: B\n  url: rtsp://h\n  gruop: y\n",
      ),
      {
        names: ["A", "B"],
        problems: [
          "config.yaml:2:3: streams[0] must be a map with name and url; the entry is skipped",
          "config.yaml:3:3: streams[1] must be a map with name and url; the entry is skipped",
          "config.yaml:4:2: streams[2] must be a map with name and url; the entry is skipped",
          'config.yaml:7:3: streams[3] "A": gruop is not a key of a stream; it has no effect (did you mean group?)',
        ],
      },
    );
  });

  it("changes nothing when streams is missing or no list, and takes an empty one at its word", () => {
    const unchanged = "until then the list of streams stays as it is";
    for (const [text, problem] of [
      ["streams: 5\n", `1:10: streams must be a list, each entry beginning with "- name:"; ${unchanged}`],
      [
        "streams:\n  a: b\n",
        `2:3: streams must be a list, each entry beginning with "- name:"; ${unchanged}`,
      ],
      ["site: x\n", `1:1: streams is missing: add streams: [] when nothing is to be watched; ${unchanged}`],
    ] as const) {
      const { streams, problems } = parsed(text);
      assert.equal(streams, undefined);
      assert.deepEqual(problems, [`config.yaml:${problem}`]);
    }
    assert.deepEqual(parsed("streams:\n").streams, []);
    assert.deepEqual(parsed("streams: []\n"), { ...parsed("streams:\n") });
  });

  it("reads anchors and merged maps as v2.2 did, and of a key set twice the last", () => {
    const { streams, problems } = parsed(`x-camera: &camera
  group: yard
  level: handshake
streams:
- <<: *camera
  name: A
  url: rtsp://h/1
  level: media
- name: B
  url: rtsp://h/2
  url: rtsp://h/3
`);
    assert.deepEqual(streams, [
      { name: "A", url: "rtsp://h/1", enabled: true, group: "yard", level: "media" },
      { name: "B", url: "rtsp://h/3", enabled: true },
    ]);
    assert.deepEqual(problems, [
      "config.yaml:1:1: x-camera is not a key of config.yaml; it has no effect",
      'config.yaml:11:3: streams[1] "B": url is set twice, first on line 10: this one counts, so delete the other',
    ]);
  });

  it("reads at most 20,000 streams and tells at most 100 problems", () => {
    const many = Array.from({ length: 20_003 }, (_, i) => `- {name: c${i}, url: 'rtsp://h/${i}'}\n`);
    const { streams, problems } = parsed(`streams:\n${many.join("")}`);
    assert.equal(streams?.length, 20_000);
    assert.deepEqual(problems, [
      "config.yaml:20002:3: streams holds 20003 entries and at most 20000 are read: the further ones are skipped",
    ]);
    const wrong = parsed(`streams:\n${"- x\n".repeat(250)}`).problems;
    assert.equal(wrong.length, 101);
    assert.equal(wrong[100], "config.yaml: and 150 more problems");
  });
});
