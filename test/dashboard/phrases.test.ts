import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Phrases } from "../../dashboard/shared/phrases";
import { projectRoot } from "../support/fixtures";

/** Where the sentences stand that the server says of a value, an entry or a text. */
const SOURCES = [
  ...[
    "contracts",
    "nodes/stream-config/edit",
    "nodes/stream-config/import",
    "nodes/stream-config/config-worker.ts",
  ],
  ...["nodes/stream-config/config-desk.ts", "nodes/stream-config/read-settings.ts"],
  ...["common/masked-url.ts", "common/mqtt-topic-fault.ts", "common/stream-url.ts"],
];
const BEGINNINGS = /^(?:must|has|is|are|names|was|would|hides|comes|stands|only|cannot|There|This|The) /;
const NOT_SHOWN = [
  // in requests that no page makes
  ...["must be a buffer", "must hold", "must be a list of names"],
  // the page knows these by their codes
  ...["This cannot be saved: ", "There is no stream of this name.", "This place of the file"],
];

const folder = path.join(projectRoot, "dashboard", "locales");
const read = (file: string) =>
  (JSON.parse(readFileSync(path.join(folder, file), "utf8")) as { said: Record<string, string> }).said;

function* filesOf(place: string): Generator<string> {
  if (place.endsWith(".ts")) yield place;
  else
    for (const name of readdirSync(path.join(projectRoot, place))) {
      // the dashboard has words of its own for reasons
      if (name.endsWith(".ts") && name !== "reasons.ts") yield path.join(place, name);
    }
}

const source = SOURCES.flatMap((place) => [...filesOf(place)])
  .map((file) => readFileSync(path.join(projectRoot, file), "utf8"))
  .join("\n")
  .replace(/\/\*\*.*?\*\/|\.describe\(.*?\),?$/gms, "");

/** The sentences of the sources, with `${…}` for each value. */
function sentences(): string[] {
  const found: string[] = [];
  for (const [, , text = ""] of source.matchAll(/(["`'])((?:\\.|\$\{[^}]*\}|(?!\1).)*)\1/g)) {
    if (!BEGINNINGS.test(text) || NOT_SHOWN.some((start) => text.startsWith(start))) continue;
    found.push(text);
  }
  return [...new Set(found)];
}

const withValues = (text: string, value: string) =>
  text.replace(/(?<!\\)\$\{[^}]*\}/g, value).replaceAll("\\", "");

describe("the server's sentences in other languages", () => {
  const phrases = new Phrases({
    "must be at least {n}": "muss mindestens {n} sein",
    "must be {words} or {last}": "muss {words} oder {last} sein",
    "must be true or false": "muss an oder aus sein",
    "comes without {key}, which {fault}": "kommt ohne {key}: es {fault}",
    "has a (URL) that {fault}": "hat eine URL: {fault}",
  });

  it("are found with what changes in them", () => {
    assert.equal(phrases.say("must be at least 2"), "muss mindestens 2 sein");
    assert.equal(phrases.say("must be 0, 1 or 2"), "muss 0, 1 oder 2 sein");
    assert.equal(phrases.say("must be true or false"), "muss an oder aus sein", "word for word comes first");
    assert.equal(
      phrases.say("comes without probe.media_seconds, which must be at least 0.5"),
      "kommt ohne probe.media_seconds: es muss mindestens 0.5 sein",
    );
    assert.equal(phrases.say("has a (URL) that $& \n{n}"), "hat eine URL: $& \n{n}");
  });

  it("stay as they are where they are not known", () => {
    for (const text of ["must be at least two", "says must be at least 2", "constructor", "", "(["])
      assert.equal(phrases.say(text), text);
    assert.equal(new Phrases({}).say("must be text"), "must be text");
  });

  for (const file of readdirSync(folder).filter((name) => name !== "en.json")) {
    const said = read(file);
    const own = new Phrases(said);

    it(`are all in ${file}`, () => {
      const all = sentences();
      assert.ok(all.length > 60, String(all.length));
      assert.deepEqual(
        all.filter(
          (text) => !["7", "a"].some((value) => own.say(withValues(text, value)) !== withValues(text, value)),
        ),
        [],
      );
    });

    it(`are said by the server, all that stand in ${file}`, () => {
      for (const [english, text] of Object.entries(said)) {
        const parts = english.split(/\{\w+\}/).filter((part) => /[a-z]{3}/i.test(part));
        for (const part of parts) assert.ok(source.replaceAll("\\", "").includes(part.trim()), english);
        const places = (of: string) => new Set(of.match(/\{\w+\}/g));
        for (const place of places(text)) assert.ok(places(english).has(place), text);
      }
    });
  }
});
