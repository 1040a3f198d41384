import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeVersionFault } from "../../common/node-red";

describe("nodeVersionFault", () => {
  it("names a Node.js that is older than 22.9, and lets every newer one be", () => {
    for (const old of ["20.19.0", "22.8.1", "18.0.0", "22.0.0"]) {
      assert.equal(
        nodeVersionFault(old),
        `StreamPulse needs Node.js 22.9 or newer; this is ${old}: update Node.js.`,
      );
    }
    for (const fit of ["22.9.0", "22.10.0", "23.0.0", "24.0.0", "24.0.0-nightly"]) {
      assert.equal(nodeVersionFault(fit), undefined, fit);
    }
  });
});
