import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { asSentence, nameFault, numberFault, urlFault } from "../../common/field-check";
import { parseStreamUrl, StreamUrlError } from "../../common/stream-url";
import { editorRules } from "../../dashboard/ui-stream-settings/field-rules";
import { projectRoot } from "../support/fixtures";

interface Texts {
  settings: { check: Record<string, string> };
}

describe("what a form says of a field", () => {
  it("of a number: by its limits", () => {
    const limits = { min: 2, max: 10, integer: true };
    assert.equal(numberFault("2", limits), null);
    assert.deepEqual(numberFault("1", limits), { text: "range", values: { min: 2, max: 10 } });
    assert.deepEqual(numberFault("2.5", limits), { text: "whole" });
    assert.deepEqual(numberFault("x", limits), { text: "number" });
    assert.deepEqual(numberFault("0", { min: 1, integer: false }), { text: "min", values: { min: 1 } });
    assert.equal(numberFault("1e9", { min: 1, integer: false }), null);
  });

  it("of a name: what the schema of a stream says", () => {
    assert.equal(
      nameFault("a".repeat(200), () => false),
      null,
    );
    assert.deepEqual(
      nameFault("a".repeat(201), () => false),
      { text: "long", values: { max: 200 } },
    );
    assert.equal(nameFault("a\nb", () => false)?.text, "control");
  });

  // one that is wrong in each way that the parser knows
  const wrong = [
    ["urlScheme", "ftp://cam.test/"],
    ["urlScheme", "cam.test"],
    ["urlSpaces", "rtsp://cam.test/a b"],
    ["urlLong", `rtsp://cam.test/${"x".repeat(2048)}`],
    ["urlPort", "rtsp://cam.test:70000/"],
    ["urlHost", "rtsp://"],
  ] as const;
  for (const [text, url] of wrong) {
    it(`of ${url.slice(0, 30)}: ${text}, and the parser's own words`, () => {
      const fault = urlFault(url);
      assert.equal(fault?.text, text);
      assert.throws(
        () => parseStreamUrl(url),
        (error) => error instanceof StreamUrlError && error.message === fault?.english,
      );
    });
  }

  it("has a text in every language", () => {
    for (const language of ["en", "de"]) {
      const file = path.join(projectRoot, "dashboard", "locales", `${language}.json`);
      const { check } = (JSON.parse(readFileSync(file, "utf8")) as Texts).settings;
      const said = ["empty", "long", "control", "taken", "number", "min", "range", "whole"];
      for (const key of [...said, "otherPlace", "typePassword", ...wrong.map(([text]) => text)]) {
        assert.ok(check[key], `${language}: ${key}`);
      }
    }
  });

  it("is a sentence", () => {
    assert.equal(asSentence("must be at least 2"), "Must be at least 2.");
    assert.equal(asSentence("Not now!"), "Not now!");
  });
});

describe("what the editor's forms know of their fields", () => {
  it("comes from the schemas", () => {
    const { numbers, defaults } = editorRules();
    assert.deepEqual(numbers["preview.most_at_once"], { min: 1, max: 32, integer: true });
    assert.deepEqual(numbers["probe.confirm_failures"], { min: 1, max: 10, integer: true });
    assert.deepEqual(
      ["heartbeat_seconds", "mqtt.tls_port", "preview.most_at_once"].map((key) => defaults[key]),
      [20, 8883, 4],
    );
  });
});
