import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { parsed } from "../stream-config/helpers";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { blocksOf, COMMENTED, DOCUMENTS, readText } from "./documents";

/** The kinds of blocks, and which test looks at each. `json` and `sh`: product.test.ts and commands.test.ts. */
const LANGUAGES = new Set(["sh", "yaml", "json", "ini", "ts"]);
/** What the blocks of configuration take from the environment. */
const ENVIRONMENT = { MQTT_PASSWORD: "secret" };

const isPrometheus = (text: string) => /^scrape_configs:/m.test(text);

describe("the blocks of the documents", () => {
  it("are of a kind that is tested", () => {
    for (const { name, blocks } of DOCUMENTS) {
      for (const { language, line } of blocks) {
        const isTree = language === "" && name === "docs/ARCHITECTURE.md";
        assert.ok(isTree || LANGUAGES.has(language), `${name}:${line}: ${language || "no language"}`);
      }
    }
    assert.ok(blocksOf("ts").every(({ place }) => place.startsWith("CONTRIBUTING.md")));
  });

  for (const { place, line, text } of blocksOf("yaml").filter((block) => !isPrometheus(block.text))) {
    it(`${place} (line ${line}) is a config.yaml without a fault`, () => {
      const whole = /^streams:/m.test(text) ? text : `${text}streams: []\n`;
      assert.deepEqual(parsed(whole, ENVIRONMENT).problems, []);
      const keys = Object.keys((parse(text) as object | null) ?? {});
      assert.ok(keys.length > 0 || text.startsWith("# yaml-language-server:"), "it sets something");
    });
  }

  it("of Prometheus are what it understands", needs("promtool"), (t) => {
    const blocks = blocksOf("yaml").filter(({ text }) => isPrometheus(text));
    assert.equal(blocks.length, 1);
    for (const { place, text } of blocks) {
      const file = path.join(temporaryFolder(t), "prometheus.yml");
      writeFileSync(file, text);
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "config", file], {
        encoding: "utf8",
      });
      assert.equal(status, 0, `${place}: ${stdout}${stderr}`);
    }
  });

  it("for files .env set variables that the compose files read", () => {
    const compose = COMMENTED.filter((name) => /compose/.test(name))
      .map(readText)
      .join("\n");
    const blocks = blocksOf("ini");
    assert.ok(blocks.length >= 3);
    for (const { place, text } of blocks) {
      for (const line of text.trim().split("\n")) {
        const name = /^([A-Z_]+)=\S.*$/.exec(line)?.[1];
        assert.ok(name, `${place}: ${line}`);
        assert.ok(compose.includes(`\${${name}:`), `${place}: ${name}`);
      }
    }
  });
});
