import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { editSchema } from "../../../contracts/edits";
import { ConfigDesk, type EditOutcome } from "../../../nodes/stream-config/config-desk";
import { DEFAULT_CONFIG } from "../../../nodes/stream-config/default-config";

const V22 = `# --- mqtt ---
mqtt:
  enabled: true                  # toggle
  host: "broker.example"
  password: 's3cret'             # optional
  username: null
# --- existing ---
heartbeat_seconds: 5
streams:
- name: Gate
  url: rtsp://viewer:s3cret@h/1   # front

# the yard
- name: 'Yard'
  url: "rtsp://h/2"
  tags:
  - a
  - b
  # url: old
- {name: Dock, url: rtsp://h/3}
`;

/** What an edit makes of a text. */
function edited(
  text: string,
  edit: object,
  env: Record<string, string> = {},
): EditOutcome & { text: string } {
  const outcome = new ConfigDesk(env).edit(text, editSchema.parse(edit));
  assert.ok(!("refused" in outcome), JSON.stringify(outcome));
  return { ...outcome, text: outcome.saved?.text ?? text };
}

function refused(text: string, edit: object, env: Record<string, string> = {}) {
  const outcome = new ConfigDesk(env).edit(text, editSchema.parse(edit));
  assert.ok("refused" in outcome, "the edit was not refused");
  return outcome.refused;
}

/** The lines that an edit adds and takes away. */
function difference(before: string, after: string): { out: string[]; in: string[] } {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let from = 0;
  while (from < old.length && old[from] === fresh[from]) from++;
  let tail = 0;
  while (tail < Math.min(old.length, fresh.length) - from && old.at(-1 - tail) === fresh.at(-1 - tail))
    tail++;
  return { out: old.slice(from, old.length - tail), in: fresh.slice(from, fresh.length - tail) };
}

const add = (...streams: object[]) => ({ action: "add-streams", streams });
const change = (name: string, stream: object) => ({ action: "change-stream", name, stream });
const remove = (...names: string[]) => ({ action: "delete-streams", names });
const settings = (values: object) => ({ action: "change-settings", settings: values });

describe("an edit of config.yaml", () => {
  it("adds a stream behind the last one, and touches nothing else", () => {
    const { text, status, payload } = edited(
      V22,
      add({
        name: "New",
        url: " rtsp://h/4 ",
        enabled: true,
        group: "",
        tags: ["x", "y: z"],
        heartbeat_seconds: "30",
      }),
    );
    assert.deepEqual(difference(V22, text), {
      out: [],
      in: ["- {name: New, url: rtsp://h/4, tags: [x, 'y: z'], heartbeat_seconds: 30}"],
    });
    assert.deepEqual([status, payload], [201, { added: ["New"] }]);
  });

  it("adds to lists of every form", () => {
    const lines = (text: string) =>
      difference(text, edited(text, add({ name: "New", url: "rtsp://h/4" })).text).in;
    assert.deepEqual(lines("streams:\n- name: a\n  url: rtsp://h/1\n"), ["- name: New", "  url: rtsp://h/4"]);
    assert.deepEqual(lines("streams:\n  - name: a\n    url: rtsp://h/1 # c\n"), [
      "  - name: New",
      "    url: rtsp://h/4",
    ]);
    assert.deepEqual(
      lines("streams:\n- name: a\n  url: rtsp://h/1"),
      ["  url: rtsp://h/1", "- name: New", "  url: rtsp://h/4"].slice(1),
    );
    assert.deepEqual(lines("streams: [] # none\nmqtt: {}\n"), [
      "streams: # none",
      "- name: New",
      "  url: rtsp://h/4",
    ]);
    assert.deepEqual(lines("streams:\nmqtt: {}\n"), ["- name: New", "  url: rtsp://h/4"]);
    assert.deepEqual(lines("streams: ~\n"), ["streams:", "- name: New", "  url: rtsp://h/4"]);
    assert.deepEqual(lines("heartbeat_seconds: 5\n"), ["streams:", "- name: New", "  url: rtsp://h/4"]);
    assert.deepEqual(lines("streams: [{name: a, url: rtsp://h/1}]\n"), [
      "streams: [{name: a, url: rtsp://h/1}, {name: New, url: rtsp://h/4}]",
    ]);
    assert.deepEqual(lines('{"streams":[{"name":"a","url":"rtsp://h/1"}]}'), [
      '{"streams":[{"name":"a","url":"rtsp://h/1"}, {"name": "New", "url": "rtsp://h/4"}]}',
    ]);
    assert.deepEqual(lines('{"streams":[]}'), ['{"streams":[{"name": "New", "url": "rtsp://h/4"}]}']);
    const pretty = JSON.stringify({ streams: [{ name: "a", url: "rtsp://h/1" }], site: "x" }, null, 2);
    assert.deepEqual(JSON.parse(edited(pretty, add({ name: "New", url: "rtsp://h/4" })).text), {
      streams: [
        { name: "a", url: "rtsp://h/1" },
        { name: "New", url: "rtsp://h/4" },
      ],
      site: "x",
    });
  });

  it("adds the first stream to the default file above its examples", () => {
    const { text } = edited(DEFAULT_CONFIG, add({ name: "New", url: "rtsp://h/4" }));
    assert.deepEqual(difference(DEFAULT_CONFIG, text), {
      out: ["streams: []"],
      in: ["streams:", "- name: New", "  url: rtsp://h/4"],
    });
  });

  it("changes a value where it stands, as it is quoted", () => {
    const lines = (name: string, stream: object) => difference(V22, edited(V22, change(name, stream)).text);
    assert.deepEqual(lines("Gate", { url: "rtsp://h/9" }), {
      out: ["  url: rtsp://viewer:s3cret@h/1   # front"],
      in: ["  url: rtsp://h/9   # front"],
    });
    assert.deepEqual(lines("Yard", { name: "It's" }), { out: ["- name: 'Yard'"], in: ["- name: 'It''s'"] });
    assert.deepEqual(lines("Yard", { url: 'rtsp://h/"' }).in, ['  url: "rtsp://h/\\""']);
    assert.deepEqual(lines("Yard", { tags: ["a", "c"] }), { out: ["  - b"], in: ["  - c"] });
    assert.deepEqual(lines("Yard", { tags: [] }), { out: ["  tags:", "  - a", "  - b"], in: [] });
    assert.deepEqual(lines("Dock", { name: "a, b" }).in, ["- {name: 'a, b', url: rtsp://h/3}"]);
    assert.deepEqual(lines("Dock", { enabled: false }).in, [
      "- {name: Dock, url: rtsp://h/3, enabled: false}",
    ]);
    assert.deepEqual(lines("Gate", { level: "handshake", heartbeat_seconds: 60 }), {
      out: [],
      in: ["  level: handshake", "  heartbeat_seconds: 60"],
    });
    assert.deepEqual(lines("Gate", { name: "Gate", url: "rtsp://viewer:********@h/1" }), { out: [], in: [] });
  });

  it("takes a key out with its line", () => {
    const text =
      "streams:\n- enabled: false\n  name: a # keep\n  group: g # goes\n  url: rtsp://h/1\n  tags: [x]\n";
    const { text: after } = edited(text, change("a", { enabled: null, group: "", tags: null }));
    assert.equal(after, "streams:\n- name: a # keep\n  url: rtsp://h/1\n");
    const leading =
      "streams:\n- group: g # goes\n  enabled: false\n  # stays\n  name: a\n  level: media\n  url: rtsp://h/1\n";
    assert.equal(
      edited(leading, change("a", { enabled: null, level: null, group: null })).text,
      "streams:\n- group: # goes\n  # stays\n  name: a\n  url: rtsp://h/1\n",
    );
    assert.equal(
      edited(leading.replace("  # stays\n", ""), change("a", { enabled: null, group: null })).text,
      "streams:\n- name: a\n  level: media\n  url: rtsp://h/1\n",
    );
    const flow = "streams: [{enabled: false, name: a, url: rtsp://h/1, group: g}]\n";
    assert.equal(
      edited(flow, change("a", { enabled: null, group: null })).text,
      "streams: [{name: a, url: rtsp://h/1}]\n",
    );
  });

  it("says which stream was renamed, and hands on what is new in force", () => {
    const { saved, payload } = edited(
      V22,
      change("Gate", { name: "Door", url: "rtsp://viewer:********@h/9" }),
    );
    assert.deepEqual(saved?.renames, [{ from: "Gate", to: "Door" }]);
    assert.deepEqual(JSON.parse(saved?.config.streams?.json ?? ""), [
      { name: "Door", url: "rtsp://viewer:s3cret@h/9", enabled: true },
      { name: "Yard", url: "rtsp://h/2", enabled: true, tags: ["a", "b"] },
      { name: "Dock", url: "rtsp://h/3", enabled: true },
    ]);
    assert.deepEqual(payload, { stream: { name: "Door", url: "rtsp://viewer:********@h/9" } });
  });

  it("deletes streams with what belongs to them, and keeps all other comments", () => {
    assert.deepEqual(difference(V22, edited(V22, remove("Yard")).text), {
      out: ["- name: 'Yard'", '  url: "rtsp://h/2"', "  tags:", "  - a", "  - b", "  # url: old"],
      in: [],
    });
    const { text, saved } = edited(V22, { ...remove("Dock", "Gate", "Yard"), keep_history: false });
    assert.deepEqual(saved?.forget, ["Gate", "Yard", "Dock"]);
    assert.equal(text.slice(text.indexOf("streams:")), "streams: []\n\n# the yard\n");
    assert.deepEqual(edited(V22, remove("Dock")).saved?.forget, []);
    assert.equal(
      edited("streams: [{name: a, url: rtsp://h/1}, {name: b, url: rtsp://h/2}]\n", remove("a")).text,
      "streams: [{name: b, url: rtsp://h/2}]\n",
    );
    assert.equal(edited("streams: [{name: a, url: rtsp://h/1}]\n", remove("a")).text, "streams: []\n");
  });

  it("changes settings of every depth", () => {
    const values = {
      heartbeat_seconds: 10,
      timezone: "Europe/Berlin",
      mqtt: { password: "s3cret", host: "localhost", username: "u", per_stream: true },
      probe: { level: "handshake" },
    };
    const { text, payload } = edited(V22, settings(values));
    const old = V22.split("\n");
    const lines = text.split("\n");
    assert.deepEqual(
      old.filter((line) => !lines.includes(line)),
      ['  host: "broker.example"', "  username: null", "heartbeat_seconds: 5"],
    );
    assert.deepEqual(
      lines.filter((line) => !old.includes(line)),
      [
        '  host: "localhost"',
        "  username: u",
        "  per_stream: true",
        "heartbeat_seconds: 10",
        "timezone: Europe/Berlin",
        "probe:",
        "  level: handshake",
      ],
    );
    assert.equal((payload.settings as { mqtt: { password: string } }).mqtt.password, "********");
  });

  it("takes settings out, and sections with them", () => {
    assert.deepEqual(difference(V22, edited(V22, settings({ heartbeat_seconds: null })).text), {
      out: ["heartbeat_seconds: 5"],
      in: [],
    });
    const out = edited(V22, settings({ mqtt: null })).text;
    assert.equal(out, V22.replace(/mqtt:\n( {2}.*\n)+/, ""));
  });

  it("stops, starts and restarts a service", () => {
    const service = (what: string) => ({ action: "service", service: "mqtt", do: what });
    const stopped = edited(V22, service("stop"));
    assert.deepEqual(difference(V22, stopped.text).in, ["services:", "  mqtt:", "    stopped: true"]);
    assert.equal(edited(stopped.text, service("stop")).saved, undefined);
    assert.equal(edited(stopped.text, service("start")).text, V22);
    assert.equal(edited(V22, service("start")).saved, undefined);
    const restarted = edited(V22, service("restart"));
    assert.deepEqual([restarted.saved, restarted.restart], [undefined, "mqtt"]);
    const started = edited(stopped.text, service("restart"));
    assert.deepEqual([started.text, started.restart], [V22, "mqtt"]);
    const both = edited(stopped.text, { action: "service", service: "monitor", do: "stop" });
    assert.equal(
      edited(both.text, service("start")).text,
      `${V22}services:\n  monitor:\n    stopped: true\n`,
    );
  });

  it("keeps CRLF", () => {
    const text = V22.replaceAll("\n", "\r\n");
    const after = edited(text, add({ name: "New", url: "rtsp://h/4" })).text;
    const changed = edited(after, settings({ timezone: "Europe/Berlin", probe: { level: "media" } })).text;
    assert.equal(changed.replaceAll("\r\n", "").includes("\n"), false);
    assert.match(changed, /\r\nprobe:\r\n {2}level: media\r\n$/);
  });

  it("keeps ${NAME}, and reads it", () => {
    const env = { PW: "s3cret", HB: "30", NAME: "Door" };
    const text = "streams:\n- name: ${NAME}\n  url: rtsp://u:${PW}@h/1\n";
    const { saved, text: after } = edited(
      text,
      change("Door", { url: "rtsp://u:${PW}@h/2", heartbeat_seconds: "${HB}" }),
      env,
    );
    assert.equal(after, "streams:\n- name: ${NAME}\n  url: rtsp://u:${PW}@h/2\n  heartbeat_seconds: ${HB}\n");
    assert.deepEqual(JSON.parse(saved?.config.streams?.json ?? ""), [
      { name: "Door", url: "rtsp://u:s3cret@h/2", enabled: true, heartbeat_seconds: 30 },
    ]);
    assert.deepEqual(refused(text, change("Door", { url: "rtsp://u:${NONE}@h/2" }), env).error, {
      code: "invalid",
      message:
        "stream.url names the environment variable NONE, which is not set: set it, or write $${ for the text ${ itself.",
      field: "stream.url",
      fields: [
        {
          field: "stream.url",
          message:
            "names the environment variable NONE, which is not set: set it, or write $${ for the text ${ itself",
        },
      ],
    });
  });

  it("keeps anchors and aliases, and keys that nobody knows", () => {
    const text = `defaults: &d
  group: site
  level: handshake
colour: red
streams:
- <<: *d
  name: a
  url: &u rtsp://h/1
- <<: *d
  name: b
  url: rtsp://h/2
  colour: blue
`;
    const after = edited(text, change("b", { group: "other", level: null, name: "c" })).text;
    assert.deepEqual(difference(text, after), {
      out: ["  name: b", "  url: rtsp://h/2", "  colour: blue"],
      in: ["  name: c", "  url: rtsp://h/2", "  colour: blue", "  group: other", "  level: null"],
    });
    assert.equal(edited(text, change("b", { colour: "green" })).text, text.replace("blue", "green"));
    assert.match(edited(text, change("a", { url: "rtsp://h/5" })).text, /url: &u rtsp:\/\/h\/5\n/);
    const shared = text.replace("url: rtsp://h/2", "url: *u");
    assert.equal(refused(shared, change("a", { url: "rtsp://h/5" })).error.code, "cannot_edit");
    assert.match(edited(shared, change("b", { url: "rtsp://h/5" })).text, /url: rtsp:\/\/h\/5\n {2}colour/);
  });

  it("writes texts so that every reader takes them for text", () => {
    const odd = [
      "yes",
      "7",
      "1e3",
      "0x1f",
      "12:30",
      "null",
      "~",
      "- a",
      "a: b",
      "a #b",
      "#a",
      "@a",
      "'a",
      '"a"',
      "a'b",
      "%a",
      "*a",
      "&a",
      "!a",
      "{a",
      "[a]",
      ",a",
      "?",
      "=",
      "2026-01-31",
      "ünï",
      "📷",
      "a\\b",
      "<<",
      "|",
      ">",
      "a:",
      "Ok (1)",
      "a\u00a0b",
      "שלום",
      "true",
      ".5",
      "0o7",
      "-1",
      "+1",
      "1_000",
      "no",
      "a, b",
      "x]",
      "y}",
    ];
    for (const text of ["streams: []\n", "streams:\n- {name: x, url: rtsp://h/1}\n", '{"streams": []}']) {
      const after = edited(text, add(...odd.map((name) => ({ name, url: "rtsp://h/1", tags: [name] })))).text;
      for (const version of ["1.1", "1.2"] as const) {
        const { streams } = parse(after, { version }) as { streams: { name: unknown; tags?: unknown[] }[] };
        const ours = streams.filter(({ tags }) => tags);
        assert.deepEqual(
          ours.map(({ name }) => name),
          odd,
          version,
        );
        assert.deepEqual(
          ours.map(({ tags }) => tags?.[0]),
          odd,
          version,
        );
      }
    }
  });
});

describe("an edit that is refused", () => {
  it("names every field that is wrong, and changes nothing", () => {
    const { status, error } = refused(
      V22,
      add(
        { name: "ok", url: "rtsp://h/4" },
        { name: "Gate", url: "rtmp://u:s3cret@h/4" },
        { url: "rtsp://h/5", colour: "red", hearbeat_seconds: 5 },
        { name: "ok", url: "rtsp://h/6", heartbeat_seconds: 1, tags: "a" },
        { name: "x", url: "rtsp://u:********@h/9" },
      ),
    );
    assert.equal(status, 400);
    assert.equal(error.code, "invalid");
    assert.equal(error.field, "streams.1.url");
    assert.equal(
      error.message,
      "streams.1.url must begin with rtsp://, rtsps://, http:// or https://, not rtmp:// (and 8 more).",
    );
    assert.deepEqual(
      error.fields?.map(({ field, message }) => `${field} ${message}`),
      [
        "streams.1.url must begin with rtsp://, rtsps://, http:// or https://, not rtmp://",
        "streams.1.name is the name of another stream",
        "streams.2.colour is not a key of a stream",
        "streams.2.hearbeat_seconds is not a key of a stream (did you mean heartbeat_seconds?)",
        "streams.2.name must not be empty",
        "streams.3.heartbeat_seconds must be at least 2",
        "streams.3.tags must be a list, such as [outdoor, north]",
        "streams.3.name is the name of another stream",
        "streams.4.url hides its password, and no stored one is known: type it",
      ],
    );
  });

  it("would send a hidden password to another host than it was typed for", () => {
    const said = (edit: object, text = V22) => {
      const { status, error } = refused(text, edit);
      return [status, error.code, error.field, error.fields?.[0]?.message];
    };
    const elsewhere = [
      400,
      "invalid",
      "stream.url",
      "hides its password, which was for rtsp://h: type it again",
    ];
    assert.deepEqual(said(change("Gate", { url: "rtsp://viewer:********@evil.test/1" })), elsewhere);
    assert.deepEqual(said(change("Gate", { url: "http://viewer:********@h/1" })), elsewhere);
    const secured = V22.replace("rtsp://viewer", "rtsps://viewer");
    assert.deepEqual(said(change("Gate", { url: "rtsp://viewer:********@h/1" }), secured).slice(2), [
      "stream.url",
      "hides its password, which was for rtsps://h: type it again",
    ]);
    const copy = { name: "Gate 2", url: "rtsp://viewer:********@evil.test/1", copy_of: "Gate" };
    assert.deepEqual(said(add(copy)).slice(2), [
      "streams.0.url",
      "hides its password, which was for rtsp://h: type it again",
    ]);
    // typed again it goes anywhere, and along with another port, path, user or a safer scheme it stays
    const urlAfter = (url: string) =>
      /url: (rtsp\S+:s3cret@\S+)/.exec(edited(V22, change("Gate", { url })).text)?.[1];
    assert.equal(urlAfter("rtsp://viewer:s3cret@evil.test/1"), "rtsp://viewer:s3cret@evil.test/1");
    assert.equal(urlAfter("rtsps://admin:********@h:8554/2"), "rtsps://admin:s3cret@h:8554/2");
  });

  it("would send the broker's hidden password to another broker", () => {
    const said = (mqtt: object, text = V22) =>
      refused(text, settings({ mqtt })).error.fields?.map(({ field, message }) => `${field} ${message}`);
    const elsewhere = ["settings.mqtt.password was for broker.example: type it again"];
    assert.deepEqual(said({ host: "evil.test" }), elsewhere);
    assert.deepEqual(said({ host: "evil.test", password: "********" }), elsewhere);
    const withTls = V22.replace("  enabled: true", "  use_tls: true\n  enabled: true");
    assert.deepEqual(said({ use_tls: false }, withTls), [
      "settings.mqtt.password was for broker.example by TLS: type it again",
    ]);
    const noHost = V22.replace('  host: "broker.example"\n', "").replace("enabled: true", "enabled: false");
    assert.deepEqual(said({ host: "evil.test" }, noHost), [
      "settings.mqtt.password is for no broker yet: type it again",
    ]);
    for (const mqtt of [
      { host: "evil.test", password: "s3cret" },
      { host: "evil.test", password: null },
      { host: "BROKER.example", port: 1884 },
      { use_tls: true },
      { host: null, enabled: false },
    ]) {
      assert.notEqual(edited(V22, settings({ mqtt })).text, V22, JSON.stringify(mqtt));
    }
    const fromEnvironment = V22.replace("'s3cret'             #", "${MQTT_PASSWORD} #");
    const env = { MQTT_PASSWORD: "s3cret" };
    assert.match(
      edited(fromEnvironment, settings({ mqtt: { host: "other.lan" } }), env).text,
      /host: "other\.lan"/,
    );
  });

  it("says so of changes, settings and names", () => {
    const fieldsOf = (edit: object) =>
      refused(V22, edit).error.fields?.map(({ field, message }) => `${field} ${message}`);
    assert.deepEqual(fieldsOf(change("Gate", { name: "Yard", url: "" })), [
      "stream.url must not be empty",
      "stream.name is the name of another stream",
    ]);
    assert.deepEqual(fieldsOf(change("Gate", { name: "a\nb" })), [
      "stream.name must not contain control characters",
    ]);
    assert.deepEqual(
      fieldsOf(settings({ heartbeat_seconds: 1, mqtt: { port: 0, hots: "x" }, probe: 3, streams: [] })),
      [
        "settings.heartbeat_seconds must be a number of at least 2 and at most 3600",
        "settings.mqtt.port must be a number of at least 1 and at most 65535",
        "settings.mqtt.hots is not a key of mqtt (did you mean host?)",
        "settings.probe must be a map of keys",
        "settings.streams is not a key of config.yaml",
      ],
    );
    assert.deepEqual(fieldsOf(settings({ mqtt: { host: null } })), [
      "settings.mqtt.host must name the broker, such as localhost, because mqtt.enabled is true",
    ]);
    assert.deepEqual(refused(V22, change("None", {})), {
      status: 404,
      error: {
        code: "stream_not_found",
        message: 'No stream is named "None".',
        field: "name",
        fields: [{ field: "name", message: "is the name of no stream" }],
      },
    });
    assert.equal(refused(V22, remove("Gate", "None")).error.field, "names.1");
  });

  it("is so where the file cannot be read", () => {
    const { status, error } = refused("streams:\n\t- name: s3cret\n", add({ name: "a", url: "rtsp://h/1" }));
    assert.equal(status, 409);
    assert.deepEqual(error, {
      code: "unreadable",
      message:
        "config.yaml:2:1: a tab is used for indentation: YAML wants spaces, so replace the tab by spaces; nothing is changed until that is mended.",
    });
    assert.equal(refused("streams: none\n", add({ name: "a", url: "rtsp://h/1" })).error.code, "unreadable");
  });

  it("is not so for what was wrong before", () => {
    const text =
      "streams:\n- name: a\n- name: b\n  url: rtsp://h/2\n- name: b\n  url: rtsp://h/3\nheartbeat_seconds: 1\n";
    assert.match(edited(text, add({ name: "c", url: "rtsp://h/4" })).text, /name: c/);
    // an entry that is not in force can be mended
    assert.match(
      edited(text, change("a", { url: "rtsp://h/1" })).text,
      /- name: a\n {2}url: rtsp:\/\/h\/1\n/,
    );
    assert.equal(edited(text, remove("b")).text, text.replace("- name: b\n  url: rtsp://h/2\n", ""));
  });
});

describe("a copy of a stream", () => {
  it("has the password of its original, whose masked URL it carries or whom it names", () => {
    const masked = { name: "Gate 2", url: "rtsp://viewer:********@h/1" };
    assert.match(edited(V22, add(masked)).text, /name: Gate 2, url: rtsp:\/\/viewer:s3cret@h\/1\}/);
    const other = { name: "Gate 2", url: "rtsp://viewer:********@h/2", copy_of: "Gate" };
    const { text, payload } = edited(V22, add(other));
    assert.match(text, /name: Gate 2, url: rtsp:\/\/viewer:s3cret@h\/2\}/);
    assert.equal(text.includes("copy_of"), false);
    assert.deepEqual(payload, { added: ["Gate 2"] });
  });
});
