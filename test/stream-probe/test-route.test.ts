import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { Stream } from "../../contracts";
import { TestDesk, type OwnTester } from "../../nodes/stream-probe/test-desk";
import { testRoute } from "../../nodes/stream-probe/test-route";
import type { TestAnswer } from "../../nodes/stream-probe/stream-tests";
import { FakeClock } from "../support/fake-clock";

const CHECK: TestAnswer = {
  check: {
    ...{ stream: "test", at: 1, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 12 },
    ...{ timings: {}, level: "media" },
  },
};
const refusal = (code: string): TestAnswer => ({ refused: { statusCode: 503, code, message: "Not now." } });

describe("the desk that tries URLs for the editor", () => {
  function deskWith(clock: FakeClock) {
    const log: string[] = [];
    const own: OwnTester = {
      start: () => log.push("start"),
      stop: () => Promise.resolve(void log.push("stop")),
      test: () => Promise.resolve(CHECK),
    };
    return { desk: new TestDesk(clock, () => own), log };
  }
  const stream: Stream = { name: "test", url: "rtsp://cam.test/", enabled: true };

  it("lets a monitor that runs do it", async () => {
    const { desk, log } = deskWith(new FakeClock());
    const ended = desk.add({ test: () => Promise.resolve(refusal("busy")) });
    assert.deepEqual(await desk.test(stream), refusal("busy"));
    assert.deepEqual(log, []);
    ended();
    assert.deepEqual(await desk.test(stream), CHECK);
    assert.deepEqual(log, ["start"]);
    await desk.stop();
  });

  it("does not wait for a monitor without streams", async () => {
    const { desk, log } = deskWith(new FakeClock());
    desk.add({ test: () => Promise.resolve(refusal("starting")) });
    assert.deepEqual(await desk.test(stream), CHECK);
    assert.deepEqual(log, ["start"]);
    await desk.stop();
  });

  it("ends its thread when nobody has tried anything for five minutes", async () => {
    const clock = new FakeClock();
    const { desk, log } = deskWith(clock);
    await desk.test(stream);
    clock.pass(299_000);
    await desk.test(stream);
    clock.pass(299_000);
    assert.deepEqual(log, ["start"]);
    clock.pass(1000);
    assert.deepEqual(log, ["start", "stop"]);
    assert.equal(clock.pending, 0);
    await desk.test(stream);
    assert.deepEqual(log, ["start", "stop", "start"]);
    await desk.stop();
    assert.equal(clock.pending, 0);
  });
});

describe("the route that tries a URL for the editor", () => {
  /** @returns what came back, and the URLs that were tried */
  async function asked(t: TestContext, body: unknown, headers: Record<string, string> = {}) {
    const tried: string[] = [];
    const test = ({ url }: Stream) => Promise.resolve((tried.push(url), CHECK));
    const route = testRoute({ test }, (node) =>
      node === "config" ? { url_3: "rtsp://viewer:s3cret@cam.test/live" } : undefined,
    );
    const server = http.createServer((request, response) =>
      route({ headers: request.headers, body }, response),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    return { status: response.status, text: await response.text(), tried };
  }
  const typed = (url: string) => ({ stream: { name: "Gate", url } });

  it("answers the check", async (t) => {
    const { status, text, tried } = await asked(t, typed("rtsp://a:b@cam.test/1"));
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), (CHECK as { check: object }).check);
    assert.deepEqual(tried, ["rtsp://a:b@cam.test/1"]);
  });

  it("puts a hidden password in, for its own address", async (t) => {
    const hidden = typed("rtsp://viewer:********@cam.test/other");
    const { tried, text } = await asked(t, { ...hidden, node: "config", slot: 3 });
    assert.deepEqual(tried, ["rtsp://viewer:s3cret@cam.test/other"]);
    assert.doesNotMatch(text, /s3cret/);
  });

  const refused: [
    what: string,
    body: unknown,
    status: number,
    text: RegExp,
    headers?: Record<string, string>,
  ][] = [
    ["no JSON", "stream[url]=x", 415, /not_json/, { "content-type": "application/x-www-form-urlencoded" }],
    ["a page of another address", typed("rtsp://c/"), 403, /wrong_origin/, { origin: "http://evil.test" }],
    ["nothing", {}, 400, /"stream: /],
    ["a wrong URL", typed("ftp://cam.test/"), 400, /"field":"url"/],
    ["a wrong slot", { ...typed("rtsp://c/"), node: "config", slot: 100 }, 400, /invalid/],
    [
      "a hidden password of nobody",
      { ...typed("rtsp://v:********@cam.test/"), node: "x", slot: 3 },
      400,
      /no stored one/,
    ],
    [
      "a hidden password for another address",
      { ...typed("rtsp://viewer:********@evil.test/"), node: "config", slot: 3 },
      400,
      /which was for rtsp:\/\/cam\.test/,
    ],
  ];
  for (const [what, body, wanted, pattern, headers] of refused) {
    it(`refuses ${what}`, async (t) => {
      const { status, text, tried } = await asked(t, body, headers);
      assert.equal(status, wanted, text);
      assert.match(text, pattern);
      assert.deepEqual(tried, []);
      assert.doesNotMatch(text, /s3cret/);
    });
  }
});
