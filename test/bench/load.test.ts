import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BenchChild } from "../../bench/child";
import { cpuSeconds, treeCpuSeconds } from "../../bench/cpu";
import type { LoadRequest, LoadResult } from "../../bench/load";

describe("load generator of the bench", () => {
  it("counts the answers of a server, and what fails", async (t) => {
    const server = BenchChild.start("bare-http");
    t.after(() => server.stop());
    const load = BenchChild.start("load");
    t.after(() => load.stop());
    const { url } = await server.call<{ url: string }>("start", {
      body: "ü".repeat(1000),
      contentType: "text/plain; charset=utf-8",
    });
    assert.equal(await (await fetch(url)).text(), "ü".repeat(1000));
    const request: LoadRequest = { url, seconds: 1, connections: 4 };
    const { requests, failed } = await load.call<LoadResult>("run", request);
    assert.ok(requests > 4);
    assert.equal(failed, 0);
    const refused = { ...request, url: "http://127.0.0.1:9/" };
    const nothing = await load.call<LoadResult>("run", refused);
    assert.equal(nothing.requests, 0);
    assert.ok(nothing.failed > 0);
  });

  it("tells a child's error and a child's end apart from an answer", async () => {
    const child = BenchChild.start("load");
    await assert.rejects(
      child.call("no such function"),
      /^Error: load: it has no function no such function$/,
    );
    const answer = child.call<LoadResult>("run", { url: "http://127.0.0.1:9/", seconds: 60, connections: 1 });
    const lost = assert.rejects(answer, /^Error: load ended with code 0$/);
    await child.stop();
    await lost;
  });
});

describe("CPU of a tree of processes", () => {
  const skip = process.platform === "linux" ? false : "reads /proc, which only Linux has";
  it("holds what a process uses with its children", { skip }, async (t) => {
    const before = treeCpuSeconds(process.pid) as number;
    const load = BenchChild.start("load");
    t.after(() => load.stop());
    const request: LoadRequest = { url: "http://127.0.0.1:9/", seconds: 0.5, connections: 4 };
    const { cpuSeconds: ofChild } = await load.call<LoadResult>("run", request);
    const after = treeCpuSeconds(process.pid) as number;
    assert.ok(after - before >= ofChild - 0.03, `${after - before} s of the tree, ${ofChild} s of the child`);
    assert.ok(after >= cpuSeconds() - 0.1);
  });
});
