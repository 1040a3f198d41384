import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { projectRoot } from "../support/fixtures";

interface Catalog {
  [key: string]: string | Catalog;
}

const read = (...parts: string[]) => readFileSync(path.join(projectRoot, ...parts), "utf8");
const { "node-red": own } = JSON.parse(read("package.json")) as {
  "node-red": { nodes: Record<string, string> };
};
const languages = ["en-US", "de"];

/** The texts of a catalog by their paths. */
function flat(catalog: Catalog, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(catalog)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const helpOf = (html: string, type: string) =>
  new RegExp(`<script type="text/html" data-help-name="${type}">([^]*?)</script>`).exec(html)?.[1] ?? "";
/** What a help text consists of, without its words. */
const outline = (help: string) => help.match(/<(h3|dl|dt|ol|li|ul|p)\b[^>]*>/g) ?? [];
/** Names of messages and properties are the same in every language. */
const codes = (help: string) =>
  [
    ...new Set(
      [...help.matchAll(/<code>([^<]*)<\/code>/g)].map(([, code = ""]) => code.replace(/\s+/g, " ")),
    ),
  ].sort();

const COLOURS = new Map<string, string>();

for (const [type, script] of Object.entries(own.nodes)) {
  describe(`${type} in the editor`, () => {
    const folder = path.dirname(script).replace(/^dist\//, "");
    const html = read(folder, `${type}.html`);
    const catalogs = languages.map((language) =>
      flat(JSON.parse(read(folder, "locales", language, `${type}.json`)) as Catalog),
    );

    it("has all its texts in English and German", () => {
      const [english, german] = catalogs.map((catalog) => [...catalog.keys()].sort());
      assert.deepEqual(german, english);
      for (const catalog of catalogs) {
        for (const [key, text] of catalog) assert.notEqual(text.trim(), "", key);
      }
    });

    it("has every text that its form and its ports ask for, and no other", () => {
      const wanted = new Set<string>();
      for (const [, key = ""] of html.matchAll(/data-i18n="(?:\[\w+\])?([\w.-]+)"/g)) wanted.add(key);
      for (const [, key = ""] of html.matchAll(/\b_\("([\w.-]+)"\)/g)) wanted.add(key);
      const [, ports] = new RegExp(`"${type}\\.port\\." \\+ (\\[[^\\]]*\\])`).exec(html) ?? [];
      const outputs = ports === undefined ? [] : (JSON.parse(ports) as string[]);
      for (const port of outputs) wanted.add(`${type}.port.${port}`);
      if (type === "stream-config") {
        for (const [, key = ""] of read("editor", "stream-list.ts").matchAll(
          /"stream-config\.(list\.\w+)"/g,
        )) {
          wanted.add(`stream-config.${key}`);
        }
        for (const key of ["enabled", "name", "url", "group"]) wanted.add(`stream-config.list.${key}`);
      }
      assert.deepEqual([...(catalogs[0]?.keys() ?? [])].sort(), [...wanted].sort());
      const [, count] = /\boutputs: (\d+)/.exec(html) ?? [];
      assert.equal(outputs.length, Number(count ?? 0), "a label for every output");
    });

    it("has help in both languages, with the same parts and the same names", () => {
      const english = helpOf(html, type);
      const german = helpOf(read(folder, "locales", "de", `${type}.html`), type);
      assert.ok(english.length > 200);
      assert.deepEqual(outline(german), outline(english));
      assert.deepEqual(codes(german), codes(english));
    });

    it("is called as its type, in the category of all, in a colour of the family, with an icon", () => {
      const isConfig = html.includes('category: "config"');
      const label = type.replace(/^ui-/, "").replaceAll("-", " ");
      if (!isConfig) {
        assert.ok(html.includes(`paletteLabel: "${label}"`));
        assert.ok(html.includes(`return this.name || "${label}";`));
      }
      assert.match(html, isConfig ? /category: "config"/ : /category: "StreamPulse"/);
      const [, colour = ""] = /color: "(#[0-9A-F]{6})"/.exec(html) ?? [];
      COLOURS.set(type, colour);
      const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
      assert.ok(red !== undefined && green !== undefined && blue !== undefined);
      assert.ok(red < green && green < blue, `${colour} is a light blue`);
      assert.ok(existsSync(path.join(projectRoot, folder, "icons", `${type}.svg`)));
    });
  });
}

describe("the nodes of StreamPulse", () => {
  it("have three colours: what sees cameras, what keeps, and what shows", () => {
    assert.equal(COLOURS.size, Object.keys(own.nodes).length);
    assert.equal(new Set(COLOURS.values()).size, 3);
  });
});
