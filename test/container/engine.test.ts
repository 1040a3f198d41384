import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { projectRoot } from "../support/fixtures";

const engine = path.join(projectRoot, "dist", "test", "container", "engine.js");

/** What a machine without Docker makes of the suites that need it. */
function without(env: Record<string, string>) {
  const script = `const { needsCompose, needsEngine } = require(${JSON.stringify(engine)});
    console.log(JSON.stringify([needsCompose(), needsEngine()].map(({ skip }) => skip)));`;
  const options = { env: { PATH: "", ...env }, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", script], options);
  return { status, skips: status === 0 ? (JSON.parse(stdout) as (string | false)[]) : [], stderr };
}

describe("where there is no Docker engine", () => {
  it("its tests are skipped by name", () => {
    const { skips } = without({});
    assert.match(String(skips[0]), /^needs docker with Compose/);
    assert.match(String(skips[1]), /^needs a Docker engine/);
    assert.equal(without({ STREAMPULSE_DOCKER_ENGINE: "engine" }).skips[1], false);
  });

  it("they fail when CI promises one, unless it is said that there is none", () => {
    const { status, stderr } = without({ CI: "true" });
    assert.notEqual(status, 0);
    assert.match(stderr, /This test needs docker with Compose on the PATH, and CI=true allows no skipping\./);
    const { skips } = without({ CI: "true", STREAMPULSE_WITHOUT_DOCKER: "true" });
    assert.match(String(skips[1]), /; STREAMPULSE_WITHOUT_DOCKER=true leaves it out$/);
  });
});
