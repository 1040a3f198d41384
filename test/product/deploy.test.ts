import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RtspCamera } from "../../demo/cameras";
import { until } from "../support/until";
import { ProductUnderTest } from "./support";

interface FlowNode {
  id: string;
  type: string;
  name?: string;
  disabled?: boolean;
}

describe("a deploy in the editor", () => {
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  let product: ProductUnderTest;

  before(async () => {
    await camera.start();
    product = await ProductUnderTest.start({
      heartbeat_seconds: 2,
      streams: [
        { name: "a", url: camera.url("/live") },
        { name: "b", url: camera.url("/nowhere") },
      ],
    });
    await product.untilState("a", "up");
    await product.untilState("b", "degraded");
  });
  after(async () => {
    await product?.stop();
    await camera.stop();
  });

  const deploy = async (change: (nodes: FlowNode[]) => void, type: "nodes" | "flows" | "full") => {
    const flow = (await (
      await product.admin("GET", "flows", undefined, { "Node-RED-API-Version": "v2" })
    ).json()) as {
      flows: FlowNode[];
      rev: string;
    };
    change(flow.flows);
    const headers = { "Node-RED-API-Version": "v2", "Node-RED-Deployment-Type": type };
    const answer = await product.admin("POST", "flows", flow, headers);
    assert.equal(answer.status, 200);
  };
  const rename = (id: string) => (nodes: FlowNode[]) => {
    const node = nodes.find((candidate) => candidate.id === id);
    assert.ok(node);
    node.name = `${node.name ?? ""}'`;
  };
  const lastAt = async () => (await product.stream("a")).last?.at ?? 0;

  for (const id of ["sp-probe", "sp-store", "sp-config", "sp-database"]) {
    it(`of ${id} alone: checks go on, and the state keeps its beginning`, async () => {
      const [a, b] = [await product.stream("a"), await product.stream("b")];
      await deploy(rename(id), "nodes");
      const deployedAt = Date.now();
      await until(async () => (await lastAt()) > deployedAt);
      await product.untilState("a", "up");
      await product.untilState("b", "degraded");
      assert.deepEqual(
        [(await product.stream("a")).since, (await product.stream("b")).since],
        [a.since, b.since],
      );
    });
  }

  it("of everything: the same", async () => {
    const { since } = await product.stream("a");
    await deploy(() => {}, "full");
    const deployedAt = Date.now();
    await until(async () => (await lastAt()) > deployedAt);
    assert.equal((await product.untilState("a", "up")).since, since);
  });

  it("that disables the monitor: the API goes on, and /healthz says 503 and why", async () => {
    await deploy((nodes) => {
      for (const node of nodes) if (node.id === "sp-monitor") node.disabled = true;
    }, "full");
    const health = () => fetch(`${product.running.addresses.api}healthz`);
    await until(async () => (await health()).status === 503);
    const { reasons } = (await (await health()).json()) as { reasons: string[] };
    assert.ok(reasons.length > 0);
    // the flows were just started again
    await until(async () => (await product.stream("a")).name === "a");
    assert.equal((await product.stream("a")).state, "up");
    await deploy((nodes) => {
      for (const node of nodes) if (node.id === "sp-monitor") node.disabled = false;
    }, "full");
    await until(async () => (await health()).status === 200);
  });
});
