import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { projectRoot } from "../support/fixtures";
import { examplesFolder, readFlow, script } from "./function-node";

describe("examples", () => {
  for (const file of readdirSync(examplesFolder).filter((name) => name.endsWith(".json"))) {
    it(`${file} is a flow whose wires lead somewhere`, () => {
      const nodes = readFlow(path.join(examplesFolder, file));
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length, "ids are unique");
      const product = new Set(
        readFlow(path.join(projectRoot, "flows", "streampulse.json")).map(({ id }) => id),
      );
      for (const { id, z, wires = [], links = [], func } of nodes) {
        assert.ok(!product.has(id), `${id} is the product's`);
        assert.ok(z === undefined || ids.has(z), id);
        for (const target of wires.flat()) assert.ok(ids.has(target), `${id} → ${target}`);
        for (const link of links) assert.ok(ids.has(link) || product.has(link), `${id} → ${link}`);
        if (func !== undefined) assert.doesNotThrow(() => script(["msg"], func), id);
      }
    });
  }
});
