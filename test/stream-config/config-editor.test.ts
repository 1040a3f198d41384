import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import type { ConfigAnswer } from "../../contracts/edits";
import { until } from "../support/until";
import { editing as editingFile } from "./editing";

const SECRET = "Zx9!tr0ub4dor";
const TEXT = `# mine
heartbeat_seconds: 5
mqtt:
  host: localhost
  password: ${SECRET}
streams:
- name: Gate
  url: rtsp://viewer:${SECRET}@h/1 # front
- name: Yard
  url: rtsp://h/2
`;

const editing = (t: TestContext, text = TEXT, pollMs?: number) => editingFile(t, text, { SECRET }, pollMs);
const NEW = { action: "add-streams", streams: [{ name: "New", url: "rtsp://h/3" }] };

describe("the editor of config.yaml", () => {
  it("shows what stands in the file, without its secrets", async (t) => {
    const { ask } = await editing(t);
    const { statusCode, payload, headers } = await ask<ConfigAnswer>({ topic: "config" });
    assert.equal(statusCode, 200);
    assert.deepEqual(payload, {
      revision: payload.revision,
      streams: [
        { name: "Gate", url: "rtsp://viewer:********@h/1" },
        { name: "Yard", url: "rtsp://h/2" },
      ],
      settings: { heartbeat_seconds: 5, mqtt: { host: "localhost", password: "********" } },
      problems: [],
      read_only: null,
    });
    assert.match(payload.revision, /^[\w-]{22}$/);
    assert.equal(headers?.etag, `"${payload.revision}"`);
    const one = await ask<ConfigAnswer>({ topic: "config", stream: "Yard" });
    assert.deepEqual(one.payload.streams, [{ name: "Yard", url: "rtsp://h/2" }]);
    assert.equal((await ask({ topic: "config", stream: "None" })).statusCode, 404);
  });

  it("has an edit in force when it answers", async (t) => {
    const { edit, configs, file, logger } = await editing(t);
    const { statusCode, payload } = await edit(NEW);
    assert.equal(statusCode, 201);
    assert.deepEqual(
      configs.at(-1)?.streams.map(({ name }) => name),
      ["Gate", "Yard", "New"],
    );
    assert.equal(readFileSync(file, "utf8"), `${TEXT}- name: New\n  url: rtsp://h/3\n`);
    assert.equal(readFileSync(`${file}.1`, "utf8"), TEXT);
    const renamed = await edit(
      { action: "change-stream", name: "New", stream: { name: "Newer" } },
      payload.revision,
    );
    assert.equal(renamed.statusCode, 200);
    assert.deepEqual(configs.at(-1)?.renames, [{ from: "New", to: "Newer" }]);
    const deleted = await edit({ action: "delete-streams", names: ["Newer"] });
    assert.deepEqual(deleted.payload.deleted, ["Newer"]);
    assert.equal(readFileSync(file, "utf8"), TEXT);
    assert.equal(configs.at(-1)?.renames, undefined);
    assert.deepEqual(logger.texts("error"), []);
  });

  it("hands on whose history goes, and what begins anew", async (t) => {
    const { edit, forgotten, restarted, configs } = await editing(t);
    await edit({ action: "delete-streams", names: ["Yard"], keep_history: false });
    assert.deepEqual(forgotten, [["Yard"]]);
    await edit({ action: "service", service: "mqtt", do: "stop" });
    assert.deepEqual(configs.at(-1)?.settings.services, { mqtt: { stopped: true } });
    await edit({ action: "service", service: "mqtt", do: "restart" });
    assert.deepEqual(restarted, ["mqtt"]);
    assert.equal(configs.at(-1)?.settings.services, undefined);
  });

  it("does not read again what it has written, and says nothing twice", async (t) => {
    const { edit, configs, logger, file } = await editing(t, `colour: red\n${TEXT}`, 20);
    await edit(NEW);
    assert.deepEqual(logger.texts("warn").length, 1);
    const count = configs.length;
    writeFileSync(file, readFileSync(file, "utf8").replace("rtsp://h/2", "rtsp://h/9"));
    await until(() => configs.length > count);
    assert.equal(configs.length, count + 1);
    assert.equal(configs.at(-1)?.streams[1]?.url, "rtsp://h/9");
  });

  it("tells the second of two who edit at once, and nothing is lost", async (t) => {
    const { ask, edit, file } = await editing(t);
    const { payload } = await ask<ConfigAnswer>({ topic: "config" });
    const answers = await Promise.all([
      edit({ action: "change-settings", settings: { heartbeat_seconds: 7 } }, payload.revision),
      edit({ action: "change-settings", settings: { timezone: "Europe/Berlin" } }, payload.revision),
    ]);
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [200, 409],
    );
    assert.deepEqual(answers[1]?.payload.error, {
      code: "changed_meanwhile",
      message:
        "Somebody has changed the configuration since you opened it. Nothing was saved: load it again and repeat your change.",
    });
    assert.match(readFileSync(file, "utf8"), /heartbeat_seconds: 7\n/);
    assert.doesNotMatch(readFileSync(file, "utf8"), /Berlin/);
    // in quotes, as in If-Match; and without a revision it is made on what is there now
    const { revision } = answers[0]?.payload ?? { revision: "" };
    assert.equal(
      (await edit({ action: "change-settings", settings: { timezone: "Europe/Berlin" } }, `"${revision}"`))
        .statusCode,
      200,
    );
    assert.equal(
      (await edit({ action: "change-settings", settings: { strict_status: true } })).statusCode,
      200,
    );
    assert.match(readFileSync(file, "utf8"), /Berlin\nstrict_status: true\n/);
  });

  it("keeps an edit that was made on the disk, before it was seen", async (t) => {
    const { ask, edit, file, configs } = await editing(t);
    const { payload } = await ask<ConfigAnswer>({ topic: "config" });
    writeFileSync(file, TEXT.replace("# mine", "# theirs").replace("rtsp://h/2", "rtsp://h/9"));
    assert.equal((await edit(NEW, payload.revision)).statusCode, 409);
    assert.equal((await edit(NEW)).statusCode, 201);
    assert.match(readFileSync(file, "utf8"), /^# theirs\n[^]*rtsp:\/\/h\/9\n- name: New\n/);
    assert.deepEqual(
      configs
        .at(-1)
        ?.streams.map(({ url }) => url)
        .slice(1),
      ["rtsp://h/9", "rtsp://h/3"],
    );
  });

  it("makes many edits at once one after another", async (t) => {
    const { edit, configs } = await editing(t);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        edit({ action: "add-streams", streams: [{ name: `n${i}`, url: `rtsp://h/n${i}` }] }),
      ),
    );
    assert.ok(answers.every(({ statusCode }) => statusCode === 201));
    assert.equal(configs.at(-1)?.streams.length, 22);
  });

  it("never writes to a file that cannot be read, and shows what is in force", async (t) => {
    const { ask, edit, file } = await editing(t);
    const broken = `streams:\n\t- name: ${SECRET}\n`;
    writeFileSync(file, broken);
    const sentence =
      "config.yaml:2:1: a tab is used for indentation: YAML wants spaces, so replace the tab by spaces; nothing is changed until that is mended.";
    const { statusCode, payload } = await edit(NEW);
    assert.deepEqual([statusCode, payload.error], [409, { code: "unreadable", message: sentence }]);
    assert.equal(readFileSync(file, "utf8"), broken);
    const shown = await ask<ConfigAnswer>({ topic: "config" });
    assert.equal(shown.payload.read_only, sentence);
    assert.deepEqual(shown.payload.streams[0], {
      name: "Gate",
      url: "rtsp://viewer:********@h/1",
      enabled: true,
    });
    rmSync(file);
    const missing = await edit(NEW);
    assert.equal(
      missing.payload.error.message,
      "config.yaml is not there: put it back; nothing is changed until then.",
    );
    assert.equal((await ask<ConfigAnswer>({ topic: "config" })).payload.revision, "");
  });

  it("answers what is no edit with a sentence", async (t) => {
    const { ask, edit } = await editing(t);
    const messageOf = async (payload: unknown) => (await edit(payload as object)).payload.error.message;
    assert.match(await messageOf(undefined), /^The request is wrong: /);
    assert.match(await messageOf({ action: "explode" }), /^The request is wrong: action: /);
    assert.match(await messageOf({ action: "add-streams", streams: [] }), /^The request is wrong: streams: /);
    assert.match(
      await messageOf({ action: "service", service: "mqtt", do: "explode" }),
      /^The request is wrong: do: /,
    );
    let deep: unknown = "x";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.equal(
      await messageOf({ action: "change-settings", settings: { mqtt: deep } }),
      "The request is nested too deeply.",
    );
    const { statusCode } = await ask({
      topic: "import",
      payload: { text: "x".repeat(10 * 1024 * 1024 + 1) },
    });
    assert.equal(statusCode, 400);
  });

  it("shows a secret in no answer and no log line", async (t) => {
    const { ask, edit, logger, configs } = await editing(t);
    const answers = [
      await ask({ topic: "config" }),
      await ask({ topic: "config", stream: "Gate" }),
      await ask({ topic: "config", format: "csv" }),
      await edit({
        action: "change-stream",
        name: "Gate",
        stream: { url: "rtsp://viewer:********@h/9", group: "g" },
      }),
      await edit({
        action: "change-stream",
        name: "Gate",
        stream: { url: "rtsp://viewer:********@other/1" },
      }),
      await edit({ action: "change-stream", name: "Gate", stream: { url: `rtmp://viewer:${SECRET}@h/1` } }),
      await edit({
        action: "add-streams",
        streams: [{ name: "Gate 2", url: "rtsp://viewer:********@h/9" }],
      }),
      await edit({ action: "change-settings", settings: { mqtt: { password: "********", username: "u" } } }),
      await edit({ action: "change-settings", settings: { mqtt: { passwort: SECRET } } }),
      await ask({
        topic: "import",
        payload: {
          text: `name,url\nGate,rtsp://viewer:${SECRET}@x/1\nn,rtsp://u:${SECRET}@y/1\nn,rtmp://u:${SECRET}@y/1\n`,
        },
      }),
      await ask({
        topic: "import",
        payload: { text: `streams:\n- name: a\n  url: rtsp://u:${SECRET}\n\t- x` },
      }),
    ];
    const text = JSON.stringify([answers, logger.lines]);
    assert.equal(text.includes(SECRET), false, text);
    const gate = configs.at(-1)?.streams;
    assert.deepEqual(
      gate?.map(({ name, url }) => [name, url]),
      [
        ["Gate", `rtsp://viewer:${SECRET}@h/9`],
        ["Yard", "rtsp://h/2"],
        ["Gate 2", `rtsp://viewer:${SECRET}@h/9`],
      ],
    );
    assert.equal(configs.at(-1)?.settings.mqtt.password, SECRET);
  });

  it("adds one to 10,000 streams", async (t) => {
    const entry = (i: number) =>
      `- name: Camera ${i}\n  url: rtsp://u:p@10.0.${i >> 8}.${i & 255}/1\n  group: g\n`;
    const { edit, configs, ask } = await editing(
      t,
      `streams:\n${Array.from({ length: 10_000 }, (_, i) => entry(i)).join("")}`,
    );
    const begun = performance.now();
    assert.equal((await edit(NEW)).statusCode, 201);
    const addedAt = performance.now();
    assert.equal(configs.at(-1)?.streams.length, 10_001);
    assert.equal((await ask<ConfigAnswer>({ topic: "config" })).payload.streams.length, 10_001);
    const shownMs = performance.now() - addedAt;
    t.diagnostic(`added in ${Math.round(addedAt - begun)} ms, shown in ${Math.round(shownMs)} ms`);
  });
});
