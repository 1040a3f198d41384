import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readInput } from "../../nodes/stream-probe/probe-input";

describe("what a message asks of the probe", () => {
  it("takes a plain list from anywhere, with defaults", () => {
    const input = readInput({ payload: [{ name: "a", url: "rtsp://h/a" }] });
    assert.ok(input.kind === "streams");
    assert.deepEqual(
      [input.streams, input.settings, input.problems],
      [[{ name: "a", url: "rtsp://h/a", enabled: true }], undefined, []],
    );
  });

  it("leaves out wrong streams alone, and never shows credentials", () => {
    const input = readInput({
      topic: "streams",
      payload: [
        { name: "good", url: "rtsp://h/a" },
        { name: "bad", url: "ftp://u:s3cret@h/a" },
        { name: "", url: "rtsp://h/a" },
        { name: "good", url: "rtsp://h/b" },
        "rtsp://u:s3cret@h",
        null,
        { name: "__proto__", url: "rtsp://h/p" },
      ],
    });
    assert.ok(input.kind === "streams");
    assert.deepEqual(
      input.streams.map(({ name }) => name),
      ["good", "__proto__"],
    );
    assert.deepEqual(input.problems.slice(0, 3), [
      "streams[1] is left out: url: must begin with rtsp://, rtsps://, http:// or https://, not ftp://",
      "streams[2] is left out: name: must not be empty",
      "streams[3] is left out: its name is taken already",
    ]);
    assert.equal(input.problems.length, 5);
    assert.ok(!JSON.stringify(input.problems).includes("s3cret"));
  });

  it("reads settings, and goes on without those that are wrong", () => {
    const good = readInput({ topic: "streams", payload: [], settings: { heartbeat_seconds: 7 } });
    assert.ok(good.kind === "streams");
    assert.deepEqual([good.settings?.heartbeat_seconds, good.settings?.probe.confirm_failures], [7, 2]);
    const wrong = readInput({ topic: "streams", payload: [], settings: { heartbeat_seconds: 0 } });
    assert.ok(wrong.kind === "streams");
    assert.deepEqual(wrong.problems, [
      "settings are left out: heartbeat_seconds: must be a number of at least 2 and at most 3600",
    ]);
  });

  const commands: [message: Record<string, unknown>, kind: string, names: string[]][] = [
    [{ topic: "check", payload: "a" }, "check", ["a"]],
    [{ topic: "check", payload: "" }, "check", []],
    [{ topic: "pause", payload: ["a", "b"] }, "pause", ["a", "b"]],
    [{ topic: "resume" }, "resume", []],
  ];
  for (const [message, kind, names] of commands) {
    it(`reads ${JSON.stringify(message)}`, () => {
      assert.deepEqual(readInput(message), { kind, names });
    });
  }

  it("reads how far to look", () => {
    assert.deepEqual(readInput({ topic: "check", payload: "a", level: "deep" }), {
      kind: "check",
      names: ["a"],
      level: "deep",
    });
    assert.deepEqual(readInput({ topic: "check", level: "media" }), {
      kind: "wrong",
      problem: 'msg "check": level: must be "deep", or left out',
    });
  });

  const others: [message: Record<string, unknown>, input: object][] = [
    [
      { topic: "session", payload: { stream: "a", open: true } },
      { kind: "session", stream: "a", open: true },
    ],
    [{ topic: "restart", payload: "monitor" }, { kind: "restart" }],
    [{ topic: "restart", payload: "mqtt" }, { kind: "nothing" }],
    [{ topic: "forget", payload: ["a"] }, { kind: "nothing" }],
    [
      { topic: "test", payload: { name: "a", url: "rtsp://h/a", tls_verify: true } },
      { kind: "test", stream: { name: "a", url: "rtsp://h/a", enabled: true, tls_verify: true } },
    ],
    [
      { topic: "test", payload: { name: "", url: "rtsp://h/a" } },
      { kind: "wrong-test", problem: "name: must not be empty", field: "name" },
    ],
  ];
  for (const [message, input] of others) {
    it(`reads ${JSON.stringify(message)}`, () => assert.deepEqual(readInput(message), input));
  }

  for (const message of [
    { topic: "session", payload: { stream: "a" } },
    { topic: "restart", payload: "everything" },
    { topic: "toString" },
    {},
    { payload: 5 },
    { topic: "check", payload: 5 },
    { topic: "reboot" },
    { topic: "streams", payload: {} },
  ]) {
    it(`refuses ${JSON.stringify(message)} in one sentence`, () => {
      const input = readInput(message);
      assert.ok(input.kind === "wrong" && input.problem.length > 20 && !input.problem.includes("\n"));
    });
  }
});
