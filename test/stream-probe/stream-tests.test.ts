import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ProbeResult } from "../../nodes/stream-probe/probers/prober";
import type { TestAnswer } from "../../nodes/stream-probe/stream-tests";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";
import { settle } from "../support/fake-clock";

/** "up ok media: RTSP 200" or "429 busy: …" */
function words(answer: TestAnswer): string {
  if ("refused" in answer)
    return `${answer.refused.statusCode} ${answer.refused.code}: ${answer.refused.message}`;
  const { state, reason, level, message } = answer.check;
  return `${state} ${reason} ${level}: ${message}`;
}

async function done(probing: FakeProbing, answer: Promise<TestAnswer>, ms = 100): Promise<string> {
  await probing.clock.advance(ms);
  return words(await answer);
}

const takes = (probing: FakeProbing, ms: number, result: Partial<ProbeResult> = {}) => {
  return () =>
    new Promise<Partial<ProbeResult>>((resolve) => probing.clock.setTimeout(() => resolve(result), ms));
};

describe("a test of what somebody typed", () => {
  it("looks at the picture, whatever the level of the stream, and tells nobody else", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/typed", () => Promise.resolve({ message: "RTSP 200", level: "media" }));
    probing.begin([]);
    const answer = probing.engine.test(
      stream("typed", { level: "handshake", enabled: false, tls_verify: true, transport: "udp" }),
    );
    assert.equal(await done(probing, answer), "up ok media: RTSP 200");
    const { level, tlsVerify, transport, timeoutMs } = probing.probes[0]?.request ?? {};
    assert.deepEqual([level, tlsVerify, transport, timeoutMs], ["media", true, "udp", 10_000]);
    await probing.clock.advance(60_000);
    assert.deepEqual([probing.checks, probing.told(), probing.probes.length], [[], [], 1]);
    const { at } = ((await answer) as Extract<TestAnswer, { check: unknown }>).check;
    assert.ok(at >= Date.UTC(2026, 0, 15));
  });

  it("asks ffprobe at once about what is not understood", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/typed", "not_a_stream");
    probing.tools.onDeepCheck = () => Promise.resolve({});
    probing.begin([]);
    assert.equal(
      await done(probing, probing.engine.test(stream("typed"))),
      "up ok deep: ffprobe reads h264 640x480, although not_a_stream",
    );
  });

  it("uses the stored password where it is masked, for its own host alone", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("cam", { url: "rtsp://viewer:s3cret@cam.test/old" })]);
    await probing.clock.advance(1000);
    const typed = (url: string) => done(probing, probing.engine.test(stream("cam", { url })));
    assert.equal(await typed("rtsp://viewer:********@cam.test/new"), "up ok handshake: ok");
    const { url } = probing.probes.at(-1)?.request ?? {};
    assert.deepEqual([url?.username, url?.password, url?.path], ["viewer", "s3cret", "/new"]);
    const probes = probing.probes.length;
    assert.equal(
      await typed("rtsp://viewer:********@evil.test/new"),
      "400 invalid: url: hides its password, which was for rtsp://cam.test: type it again",
    );
    assert.equal(
      await done(probing, probing.engine.test(stream("new", { url: "rtsp://viewer:********@cam.test/new" }))),
      "400 invalid: url: hides its password, and no stored one is known: type it",
    );
    assert.equal(probing.probes.length, probes);
  });

  it("sends a refused password once in five minutes, and another one at once", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/cam", () => {
      const { withholdCredentials } = probing.probes.at(-1)?.request ?? {};
      const credentialsRefused = !withholdCredentials;
      return Promise.resolve({ reason: "auth_failed", message: "RTSP 401 Unauthorized", credentialsRefused });
    });
    const sent = () => probing.probes.filter(({ request }) => !request.withholdCredentials).length;
    const url = (password: string) => `rtsp://viewer:${password}@cam.test/cam`;
    probing.begin([]);
    const typed = (password: string) =>
      done(probing, probing.engine.test(stream("cam", { url: url(password) })));
    assert.equal(await typed("wrong"), "degraded auth_failed handshake: RTSP 401 Unauthorized");
    assert.equal(
      await typed("wrong"),
      "degraded auth_failed handshake: RTSP 401 Unauthorized; this password was refused a short while ago and is not sent again within 5 minutes",
    );
    assert.equal(sent(), 1);
    await typed("another");
    assert.equal(sent(), 2);
    // the schedule knows what a test has found out, in whatever spelling, and the other way round
    probing.engine.setStreams([stream("cam", { url: url("wron%67") })], monitorSettings());
    await probing.clock.advance(60_000);
    assert.ok(probing.probes.length > 4);
    assert.equal(sent(), 2);
    await probing.clock.advance(300_000);
    assert.equal(sent(), 3);
    await typed("********");
    assert.equal(sent(), 3);
  });

  it("keeps to the limits of its host", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", takes(probing, 3000, { level: "media" }));
    probing.answers.set("/b", takes(probing, 3000, { level: "media" }));
    const at = (path: string) => stream(path, { url: `rtsp://nvr.test/${path}` });
    probing.begin([], monitorSettings(20, { max_per_host: 1 }));
    const first = probing.engine.test(at("a"));
    const second = probing.engine.test(at("b"));
    await probing.clock.advance(1000);
    assert.equal(probing.inFlight, 1);
    await probing.clock.advance(6000);
    assert.deepEqual(
      [words(await first), words(await second), probing.mostInFlight],
      ["up ok media: ok", "up ok media: ok", 1],
    );
  });

  it("does without the picture where others watch", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")], monitorSettings(20, { max_per_host: 1 }));
    await probing.clock.advance(1000);
    probing.engine.setWatched("a", true);
    assert.equal(
      await done(probing, probing.engine.test(stream("b", { url: "rtsp://a.test/b" })), 6000),
      "up ok handshake: ok; the picture was not looked at, others watch this host",
    );
    assert.equal(probing.probes.at(-1)?.request.level, "handshake");
  });

  it("is refused where too much is under way", async () => {
    const probing = new FakeProbing();
    for (const path of ["/0", "/1", "/2", "/3"]) probing.answers.set(path, takes(probing, 1000));
    probing.begin([]);
    const answers = [0, 1, 2, 3].map((n) =>
      probing.engine.test(stream(`s${n}`, { url: `rtsp://h${n}.test/${n}` })),
    );
    assert.equal(
      words(await probing.engine.test(stream("more"))),
      "429 busy: 4 tests are being made already: try again in a moment.",
    );
    await probing.clock.advance(2000);
    await Promise.all(answers);
    assert.equal(await done(probing, probing.engine.test(stream("later"))), "up ok handshake: ok");

    const full = new FakeProbing();
    full.answers.set("/a", takes(full, 30_000));
    full.begin([stream("a")], monitorSettings(60, { max_concurrent: 1 }));
    await full.clock.advance(100);
    assert.equal(
      await done(full, full.engine.test(stream("b")), 6000),
      "503 busy: Too much is being probed just now: try again in a moment.",
    );
  });

  it("is given up in the end, whatever hangs, and lets its places go with what hung", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", takes(probing, 50_000));
    probing.begin([], monitorSettings(20, { max_per_host: 1 }));
    const answer = probing.engine.test(stream("a"));
    assert.equal(await done(probing, answer, 20_000), "504 timeout: The test was given up after 20 s.");
    await probing.clock.advance(40_000);
    probing.answers.set("/a", () => Promise.resolve({ level: "media" }));
    assert.equal(await done(probing, probing.engine.test(stream("a"))), "up ok media: ok");
    probing.engine.stop();
    await settle();
    assert.equal(probing.clock.pending, 0);
  });

  it("says when this machine cannot, and when it is too early", async () => {
    const probing = new FakeProbing();
    assert.match(words(await probing.engine.test(stream("a"))), /^503 starting: /);
    probing.answers.set("/a", () => Promise.resolve({ notMade: "out of file descriptors" }));
    probing.begin([]);
    assert.equal(
      await done(probing, probing.engine.test(stream("a"))),
      "503 not_made: It could not be probed: out of file descriptors.",
    );
  });

  it("works while the monitor is stopped", async () => {
    const probing = new FakeProbing();
    probing.engine.setStreams([stream("a")], monitorSettings(), [], true);
    assert.equal(await done(probing, probing.engine.test(stream("a"))), "up ok handshake: ok");
    await probing.clock.advance(60_000);
    assert.equal(probing.probes.length, 1);
  });
});
