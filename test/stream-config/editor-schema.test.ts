import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { DEFAULT_CONFIG } from "../../nodes/stream-config/default-config";
import { EDITOR_SCHEMA, placeEditorSchema } from "../../nodes/stream-config/editor-schema";
import { projectRoot } from "../support/fixtures";
import { temporaryFolder } from "../support/temporary-folder";

const PACKAGED = readFileSync(path.join(projectRoot, "docs", EDITOR_SCHEMA), "utf8");

/** A folder with a config.yaml of this text. */
function folderWith(test: TestContext, text: string) {
  const folder = temporaryFolder(test);
  const file = path.join(folder, "config.yaml");
  writeFileSync(file, text);
  return { file, schema: path.join(folder, EDITOR_SCHEMA), names: () => readdirSync(folder).sort() };
}

describe("the schema for editors", () => {
  it("is put where the first line of a new config.yaml names it", async (t) => {
    assert.equal(
      /^# yaml-language-server: \$schema=(\S+)\n/.exec(DEFAULT_CONFIG)?.[1],
      EDITOR_SCHEMA,
      "relative to config.yaml",
    );
    const { file, schema, names } = folderWith(t, DEFAULT_CONFIG);
    assert.equal(await placeEditorSchema(file), undefined);
    assert.deepEqual(names(), [EDITOR_SCHEMA, "config.yaml"]);
    assert.equal(readFileSync(schema, "utf8"), PACKAGED);
  });

  it("is that of the running version", async (t) => {
    const { file, schema } = folderWith(t, DEFAULT_CONFIG);
    writeFileSync(schema, "{}");
    assert.equal(await placeEditorSchema(file), undefined);
    assert.equal(readFileSync(schema, "utf8"), PACKAGED);
  });

  it("is not put where no line asks for it", async (t) => {
    for (const text of ["", "streams: []\n", `streams: []\n${DEFAULT_CONFIG}`]) {
      const { file, names } = folderWith(t, text);
      assert.equal(await placeEditorSchema(file), undefined);
      assert.deepEqual(names(), ["config.yaml"]);
    }
  });

  it("says why it cannot be there, and leaves nothing half done", async (t) => {
    const { file, schema, names } = folderWith(t, DEFAULT_CONFIG);
    mkdirSync(path.join(schema, "in the way"), { recursive: true });
    assert.match((await placeEditorSchema(file)) ?? "", /^(EISDIR|ENOTEMPTY|EEXIST|EPERM)/);
    assert.deepEqual(names(), [EDITOR_SCHEMA, "config.yaml"]);
  });
});
