import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fieldRules } from "../../dashboard/ui-stream-settings/field-rules";
import { LargeRequests } from "../../dashboard/ui-stream-settings/large-requests";
import { FORMATS, MOST_CHARACTERS } from "../../dashboard/ui-stream-settings/settings-protocol";
import { IMPORT_FORMATS } from "../../contracts/edits";

describe("what the settings page knows of its fields", () => {
  const { settings, stream } = fieldRules();

  it("comes from the schemas", () => {
    assert.deepEqual(settings.numbers.heartbeat_seconds, { min: 2, max: 3600, integer: false });
    assert.deepEqual(settings.numbers["probe.timeout_ms"], { min: 500, max: 60_000, integer: true });
    assert.deepEqual(settings.numbers["mqtt.port"], { min: 1, max: 65_535, integer: true });
    assert.deepEqual(stream.numbers.confirm_failures, { min: 1, max: 10, integer: true });
    assert.equal(settings.defaults["retention.checks_days"], 7);
    assert.equal(settings.defaults["mqtt.topic"], "streampulse/status");
    assert.equal(stream.defaults.enabled, true);
    assert.equal("heartbeat_seconds" in stream.defaults, false);
  });

  it("knows all formats", () => assert.deepEqual(FORMATS, [...IMPORT_FORMATS]));
});

describe("a request that is too large for one message", () => {
  const socket = { id: "a", connected: true, emit: () => undefined };
  const large = () => {
    const handlers = new LargeRequests().around({ echo: (data) => data });
    return (ask: string, data: unknown) => handlers[ask]?.(data, socket);
  };

  it("comes in parts and is answered as one", () => {
    const ask = large();
    ask("part", { first: true, text: '{"te' });
    ask("part", { text: 'xt":"ß"}' });
    assert.deepEqual(ask("whole", { ask: "echo" }), { text: "ß" });
    assert.throws(() => ask("whole", { ask: "echo" }), { code: "incomplete" });
  });

  it("is refused when it is too large, or no request", () => {
    const ask = large();
    const text = "x".repeat(MOST_CHARACTERS / 2 + 1);
    ask("part", { first: true, text });
    assert.throws(() => ask("part", { text }), { code: "too_large" });
    assert.throws(() => ask("part", { text: 1 }), { code: "bad_request" });
    assert.throws(() => ask("whole", { ask: "constructor" }), { code: "unknown" });
  });
});
