import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { SCHEMAS } from "../../runtime/openapi/schemas";
import { cookieOf, post } from "../runtime/support";
import { until } from "../support/until";
import { PASSWORD, ProductUnderTest } from "./support";

const SECRET = "Zx9!tr0ub4dor";
const CONFIG = `# mine
heartbeat_seconds: 3600
probe:
  level: handshake
  media_seconds: 0
mqtt:
  enabled: false
  password: ${SECRET}
streams:
- name: Gate # front
  url: rtsp://viewer:${SECRET}@127.0.0.1:1/gate
- name: a/b & "c"
  url: rtsp://127.0.0.1:1/yard
`;

/** One product for all of these: each part leaves it as the next one expects. */
describe("config.yaml over HTTP", () => {
  let product: ProductUnderTest;
  let gui: string;
  let api: string;
  let cookie: string;
  let shown = "";

  before(async () => {
    product = await ProductUnderTest.start({ streams: [] });
    ({ gui, api } = product.running.addresses);
    writeFileSync(path.join(product.dataDir, "config.yaml"), CONFIG);
    await until(async () => (await product.api<unknown[]>("api/streams")).length === 2);
    cookie = cookieOf(await post(`${gui}login`, { password: PASSWORD }));
  });
  after(async () => {
    await product?.stop();
  });

  const send = async (
    method: string,
    place: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown>; text: string }> => {
    const response = await fetch(gui + place, {
      method,
      headers: {
        cookie,
        ...(method === "GET" ? {} : { origin: new URL(gui).origin }),
        ...(typeof body === "string"
          ? { "content-type": "text/plain" }
          : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    shown += text;
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
      text,
    };
  };
  const file = () => readFileSync(path.join(product.dataDir, "config.yaml"), "utf8");
  const names = async () => (await product.api<{ name: string }[]>("api/streams")).map(({ name }) => name);
  const errorOf = ({ body }: { body: Record<string, unknown> }) => {
    const { error } = SCHEMAS.Error.parse(body);
    return error;
  };

  it("is shown with its revision, and without its secrets", async () => {
    const { status, headers, body } = await send("GET", "api/settings");
    assert.equal(status, 200);
    const config = SCHEMAS.Config.parse(body);
    assert.equal(config.streams[0]?.url, "rtsp://viewer:********@127.0.0.1:1/gate");
    assert.equal((config.settings.mqtt as { password: string }).password, "********");
    assert.equal(headers.get("etag"), `"${config.revision}"`);
    assert.equal(headers.get("cache-control"), "no-store");
    const one = await send("GET", `api/settings?stream=${encodeURIComponent('a/b & "c"')}`);
    assert.deepEqual(SCHEMAS.Config.parse(one.body).streams, [
      { name: 'a/b & "c"', url: "rtsp://127.0.0.1:1/yard" },
    ]);
  });

  it("gets new streams, one or several, which are watched when the answer comes", async () => {
    const one = await send("POST", "api/streams", { name: "New", url: "rtsp://127.0.0.1:1/new", group: "g" });
    assert.equal(one.status, 201);
    assert.deepEqual(SCHEMAS.EditAnswer.parse(one.body).added, ["New"]);
    assert.equal(one.headers.get("etag"), `"${one.body.revision as string}"`);
    assert.ok((await names()).includes("New"));
    const several = await send("POST", "api/streams", [
      { name: "1", url: "http://127.0.0.1:1/1" },
      { name: "2", url: "http://127.0.0.1:1/2" },
    ]);
    assert.equal(several.status, 201);
    assert.equal((await names()).length, 5);
  });

  it("refuses what is wrong with the field, and saves nothing of it", async () => {
    const before = file();
    const refused = await send("POST", "api/streams", [
      { name: "ok", url: "rtsp://127.0.0.1:1/ok" },
      { name: "Gate", url: `rtmp://viewer:${SECRET}@h/x` },
    ]);
    assert.equal(refused.status, 400);
    assert.deepEqual(
      errorOf(refused).fields?.map(({ field }) => field),
      ["streams.1.url", "streams.1.name"],
    );
    for (const body of [[], "text", null, { name: "x" }, [[]]]) {
      const answer = await send("POST", "api/streams", body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.doesNotMatch(errorOf(answer).message, /Invalid|expected|Too /);
    }
    assert.equal(
      errorOf(await send("PUT", "api/settings", { heartbeat_seconds: 1 })).field,
      "settings.heartbeat_seconds",
    );
    assert.equal(
      errorOf(await send("PUT", "api/settings", { streams: null, colour: "red" })).field,
      "settings.colour",
    );
    assert.equal(errorOf(await send("PUT", "api/streams/None", { group: "g" })).code, "stream_not_found");
    assert.equal((await send("DELETE", "api/streams/None")).status, 404);
    const explode = await send("POST", "api/services/mqtt/explode");
    assert.deepEqual(
      [explode.status, errorOf(explode).message],
      [400, "The request is wrong: do: must be stop, start or restart."],
    );
    assert.equal(file(), before);
  });

  it("changes and renames a stream, whose password and comment stay", async () => {
    const { status, body } = await send("PUT", "api/streams/Gate", {
      name: "Door",
      url: "rtsp://viewer:********@127.0.0.1:1/door",
      tags: ["x"],
    });
    assert.equal(status, 200);
    assert.deepEqual(SCHEMAS.EditAnswer.parse(body).stream, {
      name: "Door",
      url: "rtsp://viewer:********@127.0.0.1:1/door",
      tags: ["x"],
    });
    assert.match(
      file(),
      new RegExp(
        `^# mine\\n[^]*- name: Door # front\\n  url: rtsp://viewer:${SECRET}@127.0.0.1:1/door\\n  tags: \\[x\\]\\n`,
      ),
    );
    const odd = `api/streams/${encodeURIComponent('a/b & "c"')}`;
    assert.equal((await send("PUT", odd, { group: "odd" })).status, 200);
    assert.match(file(), /- name: a\/b & "c"\n {2}url: rtsp:\/\/127\.0\.0\.1:1\/yard\n {2}group: odd\n/);
  });

  it("keeps a hidden password from another host, and takes a typed one there", async () => {
    const before = file();
    const moved = await send("PUT", "api/streams/Door", { url: "rtsp://viewer:********@192.0.2.1/door" });
    assert.equal(moved.status, 400);
    assert.deepEqual(errorOf(moved), {
      code: "invalid",
      message: "stream.url hides its password, which was for rtsp://127.0.0.1: type it again.",
      field: "stream.url",
      fields: [
        { field: "stream.url", message: "hides its password, which was for rtsp://127.0.0.1: type it again" },
      ],
    });
    const broker = await send("PUT", "api/settings", { mqtt: { host: "192.0.2.1" } });
    assert.equal(errorOf(broker).field, "settings.mqtt.password");
    assert.equal(file(), before);
    const typed = { url: `rtsp://viewer:${SECRET}@127.0.0.2:1/door` };
    assert.equal((await send("PUT", "api/streams/Door", typed)).status, 200);
    assert.match(file(), new RegExp(`url: rtsp://viewer:${SECRET}@127.0.0.2:1/door`));
  });

  it("tells the second of two", async () => {
    const { headers } = await send("GET", "api/settings");
    const match = { "if-match": headers.get("etag") ?? "" };
    assert.equal((await send("PUT", "api/settings", { timezone: "Europe/Berlin" }, match)).status, 200);
    const late = await send("PUT", "api/settings", { timezone: "Asia/Tokyo" }, match);
    assert.equal(late.status, 409);
    assert.equal(errorOf(late).code, "changed_meanwhile");
    assert.match(file(), /timezone: Europe\/Berlin\n/);
  });

  it("deletes a stream, with its history when that is wanted", async () => {
    assert.equal((await send("DELETE", "api/streams/1?history=delete")).status, 200);
    assert.equal((await send("DELETE", "api/streams/2")).status, 200);
    assert.deepEqual(
      (await names()).filter((name) => /^\d$/.test(name)),
      [],
    );
  });

  it("stops and starts a service, and keeps that in the file", async () => {
    const stopped = await send("POST", "api/services/mqtt/stop");
    assert.equal(stopped.status, 200);
    assert.deepEqual((parse(file()) as { services: unknown }).services, { mqtt: { stopped: true } });
    assert.equal((await send("POST", "api/services/mqtt/restart")).status, 200);
    assert.doesNotMatch(file(), /services/);
  });

  it("checks a stream at once", async () => {
    const last = async () => (await product.stream("New")).last?.at ?? 0;
    await until(async () => (await last()) > 0);
    const before = await last();
    const { status, body } = await send("POST", "api/streams/New/check");
    assert.deepEqual([status, body], [202, { checking: "New" }]);
    await until(async () => (await last()) > before);
    assert.equal((await send("POST", "api/streams/None/check")).status, 404);
  });

  it("imports: shows, and then does", async () => {
    const list = `#EXTM3U\n#EXTINF:-1 group-title="tv",One\nrtsp://u:${SECRET}@127.0.0.1:1/one\n#EXTINF:-1,Two\nudp://@239.0.0.1:1\n`;
    const preview = await send("POST", "api/import", list);
    const shownAs = SCHEMAS.ImportAnswer.parse(preview.body);
    assert.deepEqual(
      [shownAs.format, shownAs.applied, shownAs.added.length, shownAs.skipped.length],
      ["m3u", false, 1, 1],
    );
    assert.ok(!(await names()).includes("One"));
    assert.equal((await send("POST", "api/import?apply=true", list)).body.applied, true);
    assert.ok((await names()).includes("One"));
    const table = await send("GET", "api/streams.csv");
    assert.equal(table.headers.get("content-type"), "text/csv; charset=utf-8");
    const again = await send("POST", "api/import", { text: table.text, format: "csv", apply: true });
    assert.deepEqual([again.body.added, again.body.changed], [[], []]);
  });

  it("answers an import of garbage with a sentence, and one that is too long at once", async () => {
    const garbage = await send("POST", "api/import", "x: [".repeat(2_500_000));
    assert.equal(garbage.status, 400);
    assert.match(errorOf(garbage).message, /\.$|\?$/);
    const long = await send("POST", "api/import", { text: "x".repeat(11 * 1024 * 1024) });
    assert.equal(long.status, 400);
    const status = await send("POST", "api/import", "x".repeat(25 * 1024 * 1024)).then(
      (answer) => answer.status,
      () => 413,
    );
    assert.equal(status, 413);
  });

  it("lets in who may: the session of this address, or a token", async () => {
    const { token } = (await send("POST", "auth/tokens", { name: "script" })).body as { token: string };
    const asScript = (method: string, place: string, body?: object) =>
      fetch(gui + place, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body && JSON.stringify(body),
      });
    assert.equal((await asScript("PUT", "api/streams/New", { group: "script" })).status, 200);
    assert.equal((await asScript("GET", "api/settings")).status, 200);
    const another = await asScript("POST", "auth/tokens", { name: "another" });
    assert.equal(
      SCHEMAS.Error.parse(await another.json()).error.code,
      "session_needed",
      "a token makes no other token",
    );
    assert.equal((await fetch(`${gui}api/settings`)).status, 401);
    assert.equal((await fetch(`${api}api/settings`)).status, 404);
    assert.equal((await fetch(`${api}api/streams`, { method: "POST", body: "{}" })).status, 405);
    const stranger = await send(
      "PUT",
      "api/streams/New",
      { group: "evil" },
      { origin: "http://evil.example" },
    );
    assert.equal(errorOf(stranger).code, "wrong_origin");
    assert.match(file(), /group: script/);
  });

  it("is described, and the description holds", async () => {
    const { status, body } = await send("GET", "api/openapi.json");
    assert.equal(status, 200);
    assert.equal(body.openapi, "3.1.0");
    const streams = await product.api<unknown[]>("api/streams");
    assert.equal(SCHEMAS.StreamStatus.array().parse(streams).length, streams.length);
    SCHEMAS.StreamStatus.parse(await product.api("api/streams/New"));
    SCHEMAS.Status.parse(await product.api("api/status"));
    SCHEMAS.Uptime.parse(await product.api("api/uptime"));
    SCHEMAS.Health.parse(await product.api("healthz"));
    SCHEMAS.History.parse((await send("GET", "api/streams/New/history")).body);
    SCHEMAS.History.parse((await send("GET", "api/streams/New/history?bucket=1h")).body);
    SCHEMAS.Incidents.parse((await send("GET", "api/incidents")).body);
  });

  it("gives a copy of the database and all checks, after login and only where they belong", async () => {
    const backup = await fetch(`${gui}api/backup`, { headers: { cookie } });
    assert.equal(backup.status, 200);
    const bytes = Buffer.from(await backup.arrayBuffer());
    assert.equal(bytes.subarray(0, 15).toString(), "SQLite format 3");
    assert.equal(bytes.includes(SECRET), false);
    assert.notEqual((await fetch(`${gui}api/backup`, { redirect: "manual" })).status, 200);
    assert.equal((await fetch(`${api}api/backup`, { headers: { cookie } })).status, 404);
    const csv = await send("GET", "api/export.csv");
    assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(csv.text, /^stream,ts,status,latency_ms,message\r\n/);
    const ndjson = await fetch(`${gui}api/export.ndjson?stream=New`, { headers: { cookie } });
    assert.deepEqual([ndjson.status, ndjson.headers.get("content-type")], [200, "application/x-ndjson"]);
  });

  it("leads v2.2's addresses on", async () => {
    for (const [place, successor] of [
      ["export/all.csv", "/api/export.csv"],
      ["", "/dashboard/streams"],
      ["settings", "/dashboard/settings"],
      ["history/New", "/dashboard/streams?stream=New"],
    ] as const) {
      const response = await fetch(gui + place, { redirect: "manual", headers: { cookie } });
      assert.equal(response.headers.get("location"), successor);
    }
  });

  it("keeps a service stopped over a restart of the program", async () => {
    const stateOf = async () => (await product.stream("New")).state;
    assert.equal((await send("POST", "api/services/monitor/stop")).status, 200);
    await until(async () => (await stateOf()) === "unknown");
    const output = product.running.output();
    await product.restart();
    shown += output;
    ({ gui, api } = product.running.addresses);
    // what was known before the stop is shown until the monitor has said that it does nothing
    await until(async () => (await stateOf()) === "unknown");
    const response = await fetch(`${gui}healthz`);
    const { parts } = SCHEMAS.Health.parse(await response.json());
    assert.deepEqual([response.status, parts.probe?.details.stopped], [200, true]);
    assert.deepEqual((parse(file()) as { services: unknown }).services, { monitor: { stopped: true } });
    // the session is the same one after the restart
    assert.equal((await send("POST", "api/services/monitor/start")).status, 200);
    await until(async () => (await stateOf()) === "down");
  });

  it("has shown the password nowhere", () => {
    assert.ok(shown.length > 1000);
    assert.equal(shown.includes(SECRET), false);
    assert.equal(product.running.output().includes(SECRET), false);
  });
});
