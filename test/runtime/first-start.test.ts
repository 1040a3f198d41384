import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, it } from "node:test";
import { silentLogger } from "../../common/logger";
import { prepareDataFolder } from "../../runtime/first-start";
import { ConfigurationError, readEnvironment, type RuntimeOptions } from "../../runtime/paths";
import { temporaryFolder } from "../support/temporary-folder";

describe("the first start", () => {
  const temporary = temporaryFolder();
  let folders = 0;
  let folder: string;
  let options: RuntimeOptions;
  let packageFlow: string;
  let flows: string;

  beforeEach(() => {
    folder = path.join(temporary, String(++folders));
    mkdirSync(folder);
    options = readEnvironment({ STREAMPULSE_DATA: path.join(folder, "deep", "data") }, "/");
    packageFlow = path.join(folder, "streampulse.json");
    flows = path.join(options.userDir, "flows.json");
    writeFileSync(packageFlow, '[{"id":"a","type":"tab"}]');
  });

  const prepare = () => prepareDataFolder(options, packageFlow, silentLogger);
  const flow = () => readFileSync(flows, "utf8");

  it("creates what is missing and nothing else", () => {
    prepare();
    assert.deepEqual(readdirSync(options.dataDir), ["node-red"]);
    assert.deepEqual(readdirSync(options.userDir).sort(), [
      ".streampulse-flow.json",
      "flows.json",
      "package.json",
    ]);
    assert.equal(flow(), '[{"id":"a","type":"tab"}]');
  });

  it("leaves a flow and a package.json alone that were there before it", () => {
    prepare();
    writeFileSync(flows, '[{"id":"mine","type":"tab"}]');
    writeFileSync(path.join(options.userDir, "package.json"), '{"dependencies":{"x":"1"}}');
    prepare();
    assert.equal(flow(), '[{"id":"mine","type":"tab"}]');
    assert.equal(
      readFileSync(path.join(options.userDir, "package.json"), "utf8"),
      '{"dependencies":{"x":"1"}}',
    );
  });

  it("replaces a flow by a newer one only where nobody changed it", () => {
    prepare();
    // what a deploy without changes writes
    writeFileSync(flows, '[\n    {\n        "id": "a",\n        "type": "tab"\n    }\n]');
    writeFileSync(packageFlow, '[{"id":"b","type":"tab"}]');
    prepare();
    assert.equal(flow(), '[{"id":"b","type":"tab"}]');
    writeFileSync(flows, '[{"id":"b","type":"tab","label":"mine"}]');
    writeFileSync(packageFlow, '[{"id":"c","type":"tab"}]');
    prepare();
    assert.equal(flow(), '[{"id":"b","type":"tab","label":"mine"}]');
  });

  it("says in one sentence that the data folder cannot be written", () => {
    // a file in the folder's place, because nothing stops root from writing
    writeFileSync(path.join(folder, "deep"), "");
    assert.throws(prepare, (error: Error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.equal(
        error.message,
        `The data folder ${options.dataDir} cannot be written (ENOTDIR at ${options.userDir}): ` +
          "let the user that runs StreamPulse write there, or set STREAMPULSE_DATA to another folder.",
      );
      return true;
    });
  });
});
