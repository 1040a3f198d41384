import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { projectRoot } from "../support/fixtures";

interface Package {
  name: string;
  license?: string;
  keywords: string[];
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
  "node-red": { version: string; nodes: Record<string, string> };
}

const read = (...parts: string[]) => readFileSync(path.join(projectRoot, ...parts), "utf8");
const packageOf = (...parts: string[]) => JSON.parse(read(...parts, "package.json")) as Package;
const own = packageOf();
const numbers = (version: string) =>
  version
    .replace(/^[^\d]*/, "")
    .split(".")
    .map(Number);
/** Whether a version is one that `>=…` means. */
const isWithin = (version: string, range: string) => {
  assert.match(range, /^>=\d+(\.\d+)*$/);
  const [wanted, found] = [numbers(range), numbers(version)];
  const [most, least] = [0, 1, 2]
    .map((at) => [found[at] ?? 0, wanted[at] ?? 0])
    .find(([a, b]) => a !== b) ?? [0, 0];
  return (most ?? 0) >= (least ?? 0);
};

/**
 * The rules of Node-RED's flow library, as `node-red-dev validate` has them, as far as they can be looked at without the
 * library's catalogue (P08 and N01: no other package of this name or with nodes of these names) and the registry (D02, D03).
 */
describe("the package, by the rules of Node-RED's flow library", () => {
  it("has a licence, a scoped name, the keyword, and few dependencies (P01, P04, P05, D01)", () => {
    assert.equal(own.license, "MIT");
    assert.match(own.name, /^@[a-z\d][\w-.]+\/[a-z\d][\w-.]*$/);
    assert.ok(own.keywords.includes("node-red"));
    assert.ok(Object.keys(own.dependencies).length <= 6);
  });

  it("depends on what its code requires, and on nothing else", () => {
    const published = ["contracts", "common", "nodes", "dashboard", "runtime"];
    const files = published.flatMap((folder) =>
      readdirSync(path.join(projectRoot, "dist", folder), { recursive: true, encoding: "utf8" })
        // what browsers run is in resources, and here for tests alone
        .filter((name) => name.endsWith(".js") && !name.split(path.sep).includes("vue"))
        .map((name) => read("dist", folder, name)),
    );
    assert.ok(files.length > 100);
    const required = files.flatMap((text) =>
      [...text.matchAll(/\b(?:require|import)\("((?!node:)(?:@[^"/]+\/)?[^"./][^"/]*)/g)].map(
        ([, name]) => name,
      ),
    );
    assert.deepEqual(Object.keys(own.dependencies).sort(), [...new Set(required)].sort());
  });

  it("says for which Node-RED and Node.js it is, and means those that are in use (P06, P07)", () => {
    for (const nodeRed of ["node-red", "node-red-4"]) {
      const { version } = packageOf("node_modules", nodeRed);
      assert.ok(isWithin(version, own["node-red"].version), version);
    }
    const { engines } = packageOf("node_modules", "node-red");
    assert.ok(isWithin(engines.node, own.engines.node), engines.node);
    assert.equal(isWithin("20.19.0", own.engines.node), false);
    assert.equal(isWithin("4.0.9", own["node-red"].version), false);
  });

  it("has an example for every node (N02)", () => {
    const files = readdirSync(path.join(projectRoot, "examples")).filter((name) => name.endsWith(".json"));
    const types = files.flatMap((file) =>
      (JSON.parse(read("examples", file)) as { type: string }[]).map(({ type }) => type),
    );
    for (const type of Object.keys(own["node-red"].nodes)) assert.ok(types.includes(type), type);
  });

  for (const [type, script] of Object.entries(own["node-red"].nodes)) {
    it(`writes what the library reads of ${type} as it stands, not computed`, () => {
      const html = read(script.replace(/^dist\//, "").replace(/\.js$/, ".html"));
      const scripts = [...html.matchAll(/<script type="text\/javascript">([^]*?)<\/script>/g)];
      assert.equal(scripts.length, 1);
      const code = scripts[0]?.[1] ?? "";
      assert.match(code, new RegExp(`RED\\.nodes\\.registerType\\("${type}", \\{`));
      assert.match(code, /\bdefaults: \{/);
      assert.match(code, /\bcategory: "\w+"/);
      assert.match(code, /\bicon: "[\w-]+\.svg"/);
      assert.match(code, /\bcolor: "#\w{6}"/);
      if (!code.includes('category: "config"')) {
        assert.match(code, /\binputs: \d/);
        assert.match(code, /\boutputs: \d/);
      }
    });
  }
});
