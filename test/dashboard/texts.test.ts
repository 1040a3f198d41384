import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { REASON_CODES, REASONS, STATES } from "../../contracts";
import { Formatter, isolated } from "../../dashboard/shared/format";
import { chooseLanguage, Translator, type Texts } from "../../dashboard/shared/translate";
import { FAILURE_LABELS } from "../../nodes/mqtt-status/failure";
import { projectRoot } from "../support/fixtures";

const folder = path.join(projectRoot, "dashboard", "locales");
const read = (file: string) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Texts;
const languages = readdirSync(folder);
const english = read("en.json");

/** The texts by their paths. A plural counts as one text: its forms are the language's own. */
function flat(texts: Texts, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    const place = `${prefix}${key}`;
    if (typeof value === "string") found.set(place, value);
    else if (typeof value.other === "string") found.set(place, JSON.stringify(value));
    else for (const [inner, text] of flat(value, `${place}.`)) found.set(inner, text);
  }
  return found;
}
const placeholders = (text = "") => [...new Set(text.match(/\{\w+\}/g))].sort();
const isReason = (key: string) => key.startsWith("reasons.");
/** The server's own sentences, which need no text in English (phrases.test.ts). */
const isPhrase = (key: string) => key.startsWith("said.");

describe("the texts of the dashboard", () => {
  for (const file of languages.filter((name) => name !== "en.json")) {
    it(`${file} says all that en.json says, with the same values, and every reason`, () => {
      const texts = flat(read(file));
      const wanted = flat(english);
      const shown = [...texts.keys()].filter((key) => !isReason(key) && !isPhrase(key));
      assert.deepEqual(shown.sort(), [...wanted.keys()].sort());
      for (const key of shown)
        assert.deepEqual(placeholders(texts.get(key)), placeholders(wanted.get(key)), key);
      for (const code of REASON_CODES) {
        assert.ok(texts.get(`reasons.${code}.text`), code);
        assert.equal(texts.get(`reasons.${code}.advice`) === "", REASONS[code].advice === "", code);
      }
      const reasons = [...texts.keys()].filter(isReason).map((key) => key.split(".")[1]);
      assert.deepEqual([...new Set(reasons)].sort(), [...REASON_CODES].sort());
    });
  }

  it("are all there that the pages ask for", () => {
    const known = flat(english);
    const missing = new Set<string>();
    const sources = readdirSync(path.join(projectRoot, "dashboard"), { recursive: true, encoding: "utf8" });
    for (const file of sources.filter((name) => /\.(vue|ts)$/.test(name))) {
      const text = readFileSync(path.join(projectRoot, "dashboard", file), "utf8");
      for (const [, key = ""] of text.matchAll(/\bt\(\s*["']([\w.]+)["']/g))
        if (!known.has(key)) missing.add(key);
    }
    assert.deepEqual([...missing], []);
    for (const kind of [...Object.keys(FAILURE_LABELS), "connected", "password"])
      assert.ok(known.has(`settings.mqtt.outcome.${kind}`), kind);
    for (const state of STATES)
      assert.ok(known.has(`state.${state}`) && known.has(`legend.state.${state}`), state);
  });

  it("are chosen by number, fall back to English, and take values as they are", () => {
    const texts = { list: { one: "{n} Kamera", other: "{n} Kameras" }, name: "Name: {name}" };
    const translator = new Translator("de", texts, { ...english, only: "only English" });
    assert.equal(translator.text("list", { n: 1 }), "1 Kamera");
    assert.equal(translator.text("list", { n: 12_345 }), "12.345 Kameras");
    assert.equal(translator.text("name", { name: "$& {n} <b>" }), "Name: $& {n} <b>");
    assert.equal(translator.text("only"), "only English");
    assert.equal(translator.text("nowhere.at.all"), "nowhere.at.all");
    assert.equal(translator.own("only"), undefined);
    assert.equal(translator.own("constructor"), undefined);
  });

  it("keep their direction whatever name stands in them", () => {
    const translator = new Translator("en", { ask: "Delete “{name}”?" }, {});
    assert.equal(
      translator.text("ask", { name: isolated("\u202Egnp.exe") }),
      "Delete “\u2068\u202Egnp.exe\u2069”?",
    );
  });

  it("come in the language that the browser prefers", () => {
    assert.equal(chooseLanguage(["fr-FR", "de-AT", "en"], ["en", "de"], "en"), "de");
    assert.equal(chooseLanguage(["pt-BR"], ["en", "pt-BR"], "en"), "pt-BR");
    assert.equal(chooseLanguage(["ja"], ["en", "de"], "en"), "en");
  });
});

describe("times and numbers of the dashboard", () => {
  const translator = new Translator("en", english, english);
  const format = new Formatter("en-GB", "Europe/Berlin", (key, values) => translator.text(key, values));
  const MINUTE = 60_000;

  it("are in the time zone of config.yaml", () => {
    const at = Date.UTC(2026, 4, 3, 12, 3, 22);
    assert.equal(format.clock(at), "14:03:22");
    assert.equal(format.hour(Date.UTC(2026, 4, 3, 22)), "00:00");
    assert.equal(format.day(at), "3 May, 14:03");
    assert.equal(format.full(at), "3 May 2026, 14:03:22 CEST");
  });

  it("show durations by their two largest units", () => {
    assert.equal(format.duration(400), "0 s");
    assert.equal(format.duration(59_999), "59 s");
    assert.equal(format.duration(3 * MINUTE + 5000), "3 min 5 s");
    assert.equal(format.duration(12 * MINUTE + 5000), "12 min");
    assert.equal(format.duration(26 * 60 * MINUTE), "1 d 2 h");
    assert.equal(format.duration(24 * 60 * MINUTE), "1 d");
    assert.equal(format.age(26 * 60 * MINUTE), "1 d");
    assert.equal(format.age(999), "0 s");
  });

  it("never round an uptime up to all", () => {
    assert.equal(format.uptime(null), "–");
    assert.equal(format.uptime(1), "100%");
    assert.equal(format.uptime(0.999999), "99.999%");
    assert.equal(format.uptime(0.9951), "99.51%");
    assert.equal(format.uptime(0.4567), "45.6%");
    assert.equal(format.uptime(0), "0%");
  });
});
