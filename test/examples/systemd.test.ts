import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { NODE_FLAGS } from "../../runtime/start";
import { projectRoot } from "../support/fixtures";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";

const unit = readFileSync(path.join(projectRoot, "examples", "systemd", "streampulse.service"), "utf8");
/** Of 10: what systemd itself calls "OK" ends at 5. */
const MOST_EXPOSURE = 2;

describe("the systemd unit", () => {
  it("starts files that are there", () => {
    const [, flags = "", file = "", settings = ""] =
      /^ExecStart=\/usr\/bin\/node (.*?) ?([^\s-]\S*) --settings (\S+)$/m.exec(unit) ?? [];
    assert.deepEqual(flags.split(" "), NODE_FLAGS);
    assert.ok(existsSync(path.join(projectRoot, file)), file);
    assert.ok(existsSync(path.join(projectRoot, settings)), settings);
  });

  it("is what systemd understands, and exposes little", needs("systemd-analyze"), (t) => {
    const file = path.join(temporaryFolder(t), "streampulse.service");
    writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
    for (const args of [
      ["verify", file],
      ["security", "--offline=true", `--threshold=${MOST_EXPOSURE * 10}`, file],
    ]) {
      const { status, stdout, stderr } = spawnSync("systemd-analyze", ["--no-pager", ...args], {
        encoding: "utf8",
      });
      assert.deepEqual([status, stderr], [0, ""], stdout);
    }
  });
});
