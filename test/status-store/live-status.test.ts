import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LiveStatus } from "../../nodes/status-store/live-status";
import { fixture } from "../support/fixtures";
import { check, NOW, settings, stateOf, stream } from "./support";

const calcutta = settings({ timezone: "Asia/Calcutta" });

function live(names: string[], more: object = {}): LiveStatus {
  const status = new LiveStatus();
  const streams = names.map((name) => stream(name));
  status.setStreams(streams, { ...calcutta, ...more }, []);
  return status;
}

const text = (status: LiveStatus) => status.statusBody().bytes.toString();

interface StreamAnswer {
  name: string;
  last: Record<string, unknown> | null;
  [key: string]: unknown;
}
const streams = (status: LiveStatus) => JSON.parse(status.streamsBody().bytes.toString()) as StreamAnswer[];

describe("GET /api/status", () => {
  it("has exactly these bytes", () => {
    const status = live(["Küche 1", "Attic", "Hof 📷"]);
    status.recordCheck(check("Küche 1", { message: 'says "hi"\\\n\u007f', latencyMs: 12.5 }));
    status.recordState(stateOf("Küche 1", { since: NOW - 1000 }));
    status.recordCheck(
      check("Attic", { state: "down", reason: "timeout", message: "timeout", latencyMs: null }),
    );
    assert.equal(
      text(status),
      '{"Attic":{"latency":null,"message":"timeout","reason":null,"since":"","state":"pending","status":"fail",' +
        '"ts":"2026-11-22T12:12:13.359000+05:30"},' +
        '"Hof \\ud83d\\udcf7":{"latency":null,"message":"no data yet","reason":null,"since":"","state":"pending","status":"","ts":""},' +
        '"K\\u00fcche 1":{"latency":13,"message":"says \\"hi\\"\\\\\\n\\u007f","reason":"ok",' +
        '"since":"2026-11-22T12:12:12.359000+05:30","state":"up","status":"ok","ts":"2026-11-22T12:12:13.359000+05:30"}}\n',
    );
  });

  it("holds what v2.2's own answer holds, written the same way", () => {
    const v22Text = readFileSync(fixture("v2.2", "api_status.json"), "utf8");
    const v22 = JSON.parse(v22Text) as Record<string, { ts: string; message: string; latency: number }>;
    const protocolOf = (name: string) => (/MJPEG/.test(name) ? "http" : "rtsp");
    const status = new LiveStatus();
    const names = Object.keys(v22).reverse();
    status.setStreams(
      names.map((name) => stream(name, `${protocolOf(name)}://192.0.2.1/`)),
      calcutta,
      [],
    );
    const reasons = {
      "RTSP 401 Unauthorized": "auth_required",
      "RTSP 404 Not Found": "wrong_path",
      "RTSP not 200": "server_error",
      "HTTP 404": "wrong_path",
    } as const;
    for (const name of names) {
      const { message, latency, ts } = v22[name]!;
      const known = reasons[message as keyof typeof reasons];
      const reason = known ?? (message.startsWith("error") ? "connect_refused" : "ok");
      status.recordCheck(check(name, { at: Date.parse(ts), reason, message, latencyMs: latency }));
    }
    // what is added is taken out again, and microseconds below the millisecond are not kept
    const ours = text(status).replaceAll('"reason":null,"since":"","state":"pending",', "").trimEnd();
    assert.equal(ours, v22Text.trimEnd().replace(/(T[\d:]+\.\d{3})\d{3}/g, "$1000"));
  });

  it("sorts by code point, as Python does, and keeps names that objects mistreat", () => {
    const status = live(["\u{1f4f7}", "\uff21", "b", "2", "10", "__proto__", "B", "constructor"]);
    const keys = [...text(status).matchAll(/"([^"]+)":\{/g)].map((match) => match[1]);
    assert.deepEqual(keys, ["10", "2", "B", "__proto__", "b", "constructor", "\\uff21", "\\ud83d\\udcf7"]);
    assert.deepEqual(
      streams(status).map(({ name }) => name),
      ["\u{1f4f7}", "\uff21", "b", "2", "10", "__proto__", "B", "constructor"],
    );
  });

  it("follows the protocol and strict_status in what v2.2 called ok", () => {
    const statuses = (strict: boolean) => {
      const status = new LiveStatus();
      const list = [stream("rtsp"), stream("http", "http://192.0.2.1/")];
      status.setStreams(list, { ...calcutta, strict_status: strict }, []);
      for (const { name } of list) {
        status.recordCheck(check(name, { state: "degraded", reason: "auth_required" }));
      }
      const parsed = JSON.parse(text(status)) as Record<string, { status: string }>;
      return [parsed.rtsp?.status, parsed.http?.status];
    };
    assert.deepEqual(statuses(false), ["ok", "fail"]);
    assert.deepEqual(statuses(true), ["fail", "fail"]);
  });

  it("shows a new time zone at once, also of checks that were shown before", () => {
    const status = live(["a"]);
    status.recordCheck(check("a"));
    assert.match(text(status), /12:12:13\.359000\+05:30/);
    status.setStreams([stream("a")], settings({ timezone: "UTC" }), []);
    assert.match(text(status), /06:42:13\.359000\+00:00/);
  });

  it("survives a time that no calendar has", () => {
    const status = live(["a"]);
    status.recordCheck(check("a", { at: Number.MAX_SAFE_INTEGER }));
    assert.match(text(status), /"ts":"9999-/);
  });
});

describe("GET /api/streams", () => {
  it("is an array in the order of config.yaml, without credentials", () => {
    const status = new LiveStatus();
    const gate = stream("Gate", "rtsp://viewer:s3cret@192.0.2.7:8554/cam?password=s3cret", {
      group: "Yard",
      tags: ["a"],
    });
    status.setStreams([gate, stream("Attic", "http://192.0.2.8/x", { enabled: false })], calcutta, []);
    status.recordCheck(check("Gate", { media: { codec: "H264", width: 640, height: 360 } }));
    status.recordCheck(check("Gate"));
    status.recordState(stateOf("Gate", { since: 5 }));
    status.recordState(stateOf("Attic", { state: "paused", reason: null, since: 7, level: null }));
    status.setIds([["Gate", 3]]);
    assert.deepEqual(streams(status), [
      {
        ...{ id: 3, name: "Gate", state: "up", reason: "ok", since: 5 },
        last: {
          ...{ at: NOW, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 12.4 },
          timings: { connectMs: 1, answerMs: 11.4 },
          level: "handshake",
        },
        media: { codec: "H264", width: 640, height: 360 },
        ...{ group: "Yard", tags: ["a"], enabled: true, url: "rtsp://192.0.2.7:8554" },
      },
      {
        ...{ id: null, name: "Attic", state: "paused", reason: null, since: 7, last: null, media: null },
        ...{ group: null, tags: [], enabled: false, url: "http://192.0.2.8" },
      },
    ]);
  });

  it("gives one stream by its name", () => {
    const status = live(["a", "__proto__"]);
    const one = status.streamBody("__proto__");
    assert.equal((JSON.parse(one!.bytes.toString()) as StreamAnswer).name, "__proto__");
    assert.equal(status.streamBody("toString"), undefined);
  });
});

describe("LiveStatus", () => {
  it("makes an answer again only after a change", () => {
    const status = live(["a", "b"]);
    const before = status.statusBody();
    assert.equal(status.statusBody(), before);
    const oneBefore = status.streamBody("b")!.etag;
    status.recordCheck(check("a"));
    assert.notEqual(status.statusBody().etag, before.etag);
    assert.equal(status.streamBody("b")!.etag, oneBefore);
    assert.notEqual(live(["a", "b"]).statusBody().etag, before.etag);
  });

  it("says that a check or state belongs to no stream, and keeps the first of two with one name", () => {
    const status = new LiveStatus();
    status.setStreams([stream("a", "rtsp://192.0.2.1/"), stream("a", "rtsp://192.0.2.2/")], calcutta, []);
    assert.equal(status.recordCheck(check("b")), false);
    assert.equal(status.recordState(stateOf("b")), false);
    assert.equal(streams(status).length, 1);
    assert.equal(streams(status)[0]!.url, "rtsp://192.0.2.1");
  });

  it("takes what the database knew only where nothing newer is known, whichever comes first", () => {
    const seeds = ["a", "b"].map((name, index) => ({
      id: index + 1,
      name,
      ...({ origin: "rtsp://192.0.2.1", protocol: "rtsp" } as const),
      confirmed: { state: "down", reason: "timeout", since: 1, level: "media" } as const,
      media: null,
      last: { at: 2, state: "down", reason: "timeout", message: "timeout", latencyMs: null } as const,
    }));
    const streamsFirst = live(["a", "b", "c"]);
    streamsFirst.recordCheck(check("a"));
    streamsFirst.recordState(stateOf("a"));
    streamsFirst.addSeeds(seeds);
    assert.deepEqual(
      streams(streamsFirst).map(({ state, since, last }) => [state, since, last?.message ?? null]),
      [
        ["up", NOW, "RTSP 200"],
        ["down", 1, "timeout"],
        ["pending", null, null],
      ],
    );
    const seedsFirst = new LiveStatus();
    seedsFirst.addSeeds(seeds);
    assert.deepEqual(seedsFirst.confirmedStates(), [
      { stream: "a", state: "down", reason: "timeout", since: 1, level: "media" },
      { stream: "b", state: "down", reason: "timeout", since: 1, level: "media" },
    ]);
    // until config.yaml says which streams there are, the API answers for those that were there
    assert.deepEqual(
      streams(seedsFirst).map(({ name, state, url }) => [name, state, url]),
      [
        ["a", "down", "rtsp://192.0.2.1"],
        ["b", "down", "rtsp://192.0.2.1"],
      ],
    );
    seedsFirst.setStreams([stream("b"), stream("z")], calcutta, [{ from: "a", to: "z" }]);
    assert.deepEqual(
      streams(seedsFirst).map(({ name, state }) => [name, state]),
      [
        ["b", "down"],
        ["z", "down"],
      ],
    );
    assert.deepEqual(streams(seedsFirst)[0]!.last?.level, null);
  });

  it("takes only facts of a picture that it knows from the database", () => {
    const status = live(["a", "b"]);
    const seed = { origin: "rtsp://192.0.2.1", protocol: "rtsp", confirmed: null, last: null } as const;
    status.addSeeds([
      { ...seed, id: 1, name: "a", media: { codec: "h264", shutter: 3 } },
      { ...seed, id: 2, name: "b", media: { codec: 264 } },
    ]);
    assert.deepEqual(
      streams(status).map(({ id, media }) => [id, media]),
      [
        [1, { codec: "h264" }],
        [2, null],
      ],
    );
  });

  it("hands on confirmed states, and no pending or unknown ones", () => {
    const status = live(["a", "b", "c", "d"]);
    status.recordState(stateOf("a"));
    status.recordState(stateOf("b", { state: "paused", reason: null, level: null }));
    status.recordState(stateOf("c", { state: "pending", reason: null, level: null }));
    assert.deepEqual(
      status.confirmedStates().map(({ stream: name, state }) => [name, state]),
      [
        ["a", "up"],
        ["b", "paused"],
      ],
    );
  });

  it("keeps what is known of a stream through a rename", () => {
    const status = live(["a"]);
    status.recordCheck(check("a"));
    status.recordState(stateOf("a"));
    status.setStreams([stream("z")], calcutta, [{ from: "a", to: "z" }]);
    assert.match(text(status), /^\{"z":\{"latency":12,.*"state":"up","status":"ok"/);
    status.setStreams([stream("y")], calcutta, []);
    assert.match(text(status), /"y":\{"latency":null,"message":"no data yet"/);
  });
});
