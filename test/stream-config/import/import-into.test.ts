import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";
import type { EditErrorAnswer, ImportAnswer } from "../../../contracts/edits";
import { DEFAULT_CONFIG } from "../../../nodes/stream-config/default-config";
import { fixture } from "../../support/fixtures";
import { editing, type Editing } from "../editing";

const HERE = `# mine
heartbeat_seconds: 20
streams:
- name: Gate # here
  url: rtsp://admin:old@192.0.2.10:554/stream1
  group: own
- name: Other
  url: rtsp://192.0.2.11/live
`;

const send = (editor: Editing, payload: object, revision?: string) =>
  editor.ask<ImportAnswer & EditErrorAnswer>({ topic: "import", payload, revision });

describe("an import", () => {
  const text = `name,url,group
Gate,rtsp://admin:new@192.0.2.10:554/stream1,
Other,rtsp://192.0.2.11/live,
Same address,rtsp://192.0.2.11/live,
New,rtsp://u:s3cret@192.0.2.12/live,outdoor
New,rtsp://192.0.2.13/live,
Again,rtsp://192.0.2.13/live,
Wrong,rtmp://u:s3cret@192.0.2.14/live,
"Long \u0007 ${"x".repeat(250)}",rtsp://192.0.2.15/live,
`.replace("\u0007", "\u0085");

  it("shows what it would add, change and skip, and why, and writes nothing", async (t) => {
    const editor = await editing(t, HERE);
    const { statusCode, payload } = await send(editor, { text });
    assert.equal(statusCode, 200);
    const long = `Long   ${"x".repeat(193)}`;
    assert.deepEqual(payload, {
      format: "csv",
      applied: false,
      revision: payload.revision,
      added: [
        { name: "New", url: "rtsp://u:********@192.0.2.12/live", group: "outdoor" },
        { name: "New (2)", url: "rtsp://192.0.2.13/live" },
        { name: long, url: "rtsp://192.0.2.15/live" },
      ],
      changed: [{ name: "Gate", set: { url: "rtsp://admin:********@192.0.2.10:554/stream1" } }],
      skipped: [
        { name: "Wrong", reason: "is of a kind that is not watched (rtmp:)" },
        { name: "Other", reason: "is here already" },
        { name: "Same address", reason: 'has the same URL as "Other"' },
        { name: "Again", reason: 'has the same URL as "New (2)"' },
      ],
      settings: {},
    });
    assert.equal(readFileSync(editor.file, "utf8"), HERE);
    assert.equal(editor.configs.length, 1);
  });

  it("applies what was chosen in one save, in force at once", async (t) => {
    const editor = await editing(t, HERE);
    const { payload } = await send(editor, { text, apply: true, names: ["Gate", "New (2)"] });
    assert.equal(payload.applied, true);
    assert.equal(
      readFileSync(editor.file, "utf8"),
      `${HERE.replace("admin:old", "admin:new")}- name: New (2)\n  url: rtsp://192.0.2.13/live\n`,
    );
    assert.equal(editor.configs.length, 2);
    const again = await send(editor, { text, apply: true }, payload.revision);
    assert.deepEqual(
      again.payload.added.map(({ name }) => String(name).slice(0, 6)),
      ["New", "Long  "],
    );
    assert.equal((await send(editor, { text, apply: true }, payload.revision)).statusCode, 409);
    const nothing = await send(editor, { text, apply: true });
    assert.deepEqual([nothing.payload.added, nothing.payload.changed], [[], []]);
  });

  it("of a v2.2 file into a new one brings the settings along", async (t) => {
    const v22 = readFileSync(fixture("v2.2", "config.yaml"), "utf8");
    const editor = await editing(t, DEFAULT_CONFIG);
    const { payload } = await send(editor, { text: v22, apply: true });
    assert.equal(payload.added.length, 9);
    assert.deepEqual(payload.settings, {
      mqtt: { enabled: true, host: "broker.example", api_status_url: "http://localhost:7000/api/status" },
      heartbeat_seconds: 5,
      timezone: "Asia/Calcutta",
    });
    const text = readFileSync(editor.file, "utf8");
    assert.match(
      text,
      /# How often each stream is checked, in seconds \(2 to 3600\)\.\nheartbeat_seconds: 5\n/,
    );
    assert.deepEqual(
      (parse(text) as { streams: unknown }).streams,
      (parse(v22) as { streams: unknown }).streams,
    );
    assert.equal(editor.configs.at(-1)?.settings.mqtt.per_stream, true, "what is only here stays");
    const without = await send(editor, {
      text: "heartbeat_seconds: 7\nstreams: []\n",
      apply: true,
      settings: false,
    });
    assert.deepEqual(without.payload.settings, {});
  });

  it("brings a longer heartbeat with the interval of pictures that goes with it", async (t) => {
    const editor = await editing(t, DEFAULT_CONFIG);
    const { payload } = await send(editor, { text: "heartbeat_seconds: 300\nstreams: []\n", apply: true });
    assert.deepEqual(payload.settings, { heartbeat_seconds: 300, probe: { media_seconds: 300 } });
    assert.equal(editor.configs.at(-1)?.settings.probe.media_seconds, 300);
  });

  it("leaves settings away that cannot be, and brings the streams", async (t) => {
    const editor = await editing(t, HERE);
    const { payload } = await send(editor, {
      text: "mqtt:\n  enabled: true\nstreams:\n- name: a\n  url: rtsp://h/1\n",
      apply: true,
    });
    assert.deepEqual(payload.settings, {});
    assert.deepEqual(payload.added, [{ name: "a", url: "rtsp://h/1" }]);
    assert.deepEqual(payload.skipped, [
      {
        name: "settings",
        reason:
          "are left as they are: settings.mqtt.host must name the broker, such as localhost, because mqtt.enabled is true.",
      },
    ]);
  });

  it("of the table that was written here changes nothing, masked as it is", async (t) => {
    const editor = await editing(t, HERE);
    const { payload: table, headers } = await editor.ask<string>({ topic: "config", format: "csv" });
    assert.equal(headers?.["content-type"], "text/csv; charset=utf-8");
    assert.match(table, /^Gate,rtsp:\/\/admin:\*{8}@192\.0\.2\.10:554\/stream1,own,,/m);
    const { payload } = await send(editor, { text: table, apply: true });
    assert.deepEqual([payload.added, payload.changed], [[], []]);
    const moved = await send(editor, { text: table.replace("stream1", "stream2"), apply: true });
    assert.deepEqual(moved.payload.changed, [
      { name: "Gate", set: { url: "rtsp://admin:********@192.0.2.10:554/stream2" } },
    ]);
    assert.match(readFileSync(editor.file, "utf8"), /admin:old@192\.0\.2\.10:554\/stream2/);
  });

  it("sends no password that stands here to another host", async (t) => {
    const editor = await editing(t, `${HERE}mqtt: {host: broker.lan, username: u, password: s3cret}\n`);
    const { payload: table } = await editor.ask<string>({ topic: "config", format: "csv" });
    const moved = await send(editor, { text: table.replace("192.0.2.10", "192.0.2.99"), apply: true });
    assert.deepEqual(moved.payload.skipped[0], {
      name: "Gate",
      reason: "url hides its password, which was for rtsp://192.0.2.10: type it again",
    });
    assert.deepEqual([moved.payload.added, moved.payload.changed], [[], []]);
    const text = "heartbeat_seconds: 5\nmqtt: {host: evil.test}\nstreams: [{name: a, url: 'rtsp://h/1'}]\n";
    const { payload } = await send(editor, { text, apply: true });
    assert.deepEqual([payload.settings, payload.added], [{}, [{ name: "a", url: "rtsp://h/1" }]]);
    assert.deepEqual(payload.skipped, [
      {
        name: "settings",
        reason: "are left as they are: settings.mqtt.password was for broker.lan: type it again.",
      },
    ]);
    const brought = await send(editor, { text: text.replace("}", ", password: theirs}"), apply: true });
    assert.deepEqual(brought.payload.settings, {
      heartbeat_seconds: 5,
      mqtt: { host: "evil.test", password: "********" },
    });
  });

  it("says which values cannot come along", async (t) => {
    const editor = await editing(t, HERE);
    const text = `heartbeat_seconds: 5
timezone: Mars/Olympus
streams:
- {name: a, url: 'rtsp://h/1', heartbeat_seconds: 1}
`;
    const { payload } = await send(editor, { text });
    assert.deepEqual(payload.settings, { heartbeat_seconds: 5 });
    assert.deepEqual(payload.added, [{ name: "a", url: "rtsp://h/1" }]);
    assert.deepEqual(payload.skipped, [
      { name: "a", reason: "comes without heartbeat_seconds, which must be at least 2" },
      { name: "settings.timezone", reason: "must be an IANA time zone such as Europe/Berlin" },
    ]);
  });

  it("of 10 MB of anything is answered within seconds", async (t) => {
    const editor = await editing(t, HERE);
    const size = 10 * 1024 * 1024;
    const yaml = 5 * 1024 * 1024 - 100;
    const garbage: [string, string][] = [
      ["letters", "x".repeat(size)],
      ["brackets", "[".repeat(size)],
      ["braces", "{a: ".repeat(size / 4)],
      ["commas", ",".repeat(size)],
      ["JSON of brackets", `{"monitorList":${"[".repeat(size / 3)}${"]".repeat(size / 3)}}`],
      ["addresses", "rtsp://h/1\n".repeat(size / 11)],
      ["dashes", `streams:\n${"- ".repeat(yaml / 2)}`],
      ["brackets below a key", `streams: ${"[".repeat(yaml)}`],
      ["entries that are none", `streams:\n${"- x\n".repeat(yaml / 4)}`],
      ["indentation", `streams:\n${Array.from({ length: 2500 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")}`],
      ["aliases", `a: &a x\nstreams:\n${"- *a\n".repeat(yaml / 5)}`],
    ];
    for (const [name, what] of garbage) {
      const before = process.cpuUsage();
      const { statusCode, payload } = await send(editor, { text: what });
      const { user, system } = process.cpuUsage(before);
      const cpuMs = (user + system) / 1000;
      t.diagnostic(
        `${name}: ${Math.round(cpuMs)} ms ${statusCode} ${payload.error?.message ?? JSON.stringify(payload).slice(0, 100)}`,
      );
      // of this process, whatever else the machine does
      assert.ok(cpuMs < 10_000, `${name}: ${cpuMs} ms`);
      if (statusCode !== 200) assert.match(payload.error.message, /[.?]$/);
    }
    assert.equal(readFileSync(editor.file, "utf8"), HERE);
  });
});
