import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { BenchChild } from "../../bench/child";
import type { FarmAddress, FarmRequest, FarmUsage } from "../../bench/farm";
import type { FloorRequest, FloorResult } from "../../bench/floor";
import { RtspClient } from "../support/rtsp-client";

function child(t: TestContext, name: string): BenchChild {
  const started = BenchChild.start(name);
  t.after(() => started.stop());
  return started;
}

async function farm(t: TestContext, request: FarmRequest) {
  const started = child(t, "farm");
  return { farm: started, ...(await started.call<FarmAddress>("start", request)) };
}

describe("camera farm of the bench", () => {
  it("describes each stream, repeats CSeq, and keeps count", async (t) => {
    const { farm: started, urls, manyHosts } = await farm(t, { streams: 100, streamsPerHost: 40 });
    assert.equal(urls.length, 100);
    assert.equal(new Set(urls).size, 100);
    const hosts = new Set(urls.map((url) => new URL(url).host));
    assert.equal(hosts.size, 3);
    assert.equal(manyHosts, ![...hosts][0]?.startsWith("127.0.0.1"));
    const client = await RtspClient.connect(urls[99] as string);
    t.after(() => client.close());
    for (const cseq of [1, 4711]) {
      const { status, headers, body } = await client.ask("DESCRIBE", urls[99] as string, cseq);
      assert.deepEqual([status, headers.cseq, headers["content-type"]], [200, `${cseq}`, "application/sdp"]);
      assert.match(body, /^v=0\r\n[^]*\nm=video 0 RTP\/AVP 96\r\n/);
    }
    assert.equal((await started.call<FarmUsage>("usage")).describes, 2);
  });

  it("closes a connection that wants anything else", async (t) => {
    const { urls } = await farm(t, { streams: 1, streamsPerHost: 1 });
    const client = await RtspClient.connect(urls[0] as string);
    client.socket.write("GET / HTTP/1.1\r\n\r\n");
    await client.until(() => client.closed);
  });
});

describe("floor of the bench", () => {
  it("makes as many checks as its pace says, each with a description", async (t) => {
    const { farm: started, urls } = await farm(t, { streams: 10, streamsPerHost: 5 });
    const before = (await started.call<FarmUsage>("usage")).describes;
    const request: FloorRequest = { urls, seconds: 0.5, checksPerSecond: 200 };
    const result = await child(t, "floor").call<FloorResult>("run", request);
    assert.deepEqual([result.checks, result.failed], [100, 0]);
    assert.ok(result.cpuSeconds > 0 && result.seconds >= 0.5);
    assert.ok((await started.call<FarmUsage>("usage")).describes - before >= 100);
  });

  it("counts what got no description", async (t) => {
    const urls = ["rtsp://127.0.0.1:9/nobody-listens-here"];
    const request: FloorRequest = { urls, seconds: 0.1, checksPerSecond: 100 };
    const { checks, failed } = await child(t, "floor").call<FloorResult>("run", request);
    assert.deepEqual([checks, failed], [10, 10]);
  });
});
