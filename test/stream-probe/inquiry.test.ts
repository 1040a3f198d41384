import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check } from "../../contracts/check";
import type { ProbeResult } from "../../nodes/stream-probe/probers/prober";
import { PICTURE } from "../../nodes/stream-probe/picture/picture-watch";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

const MINUTE = 60_000;
const levelsAsked = (probing: FakeProbing) =>
  Promise.resolve({ level: probing.probes.at(-1)?.request.level });
const deepOf = (probing: FakeProbing) => probing.checks.filter(({ level }) => level === "deep");
const line = ({ state, reason, message, level }: Check) => `${state} ${reason} ${level}: ${message}`;

describe("a deep check on demand", () => {
  it("is made at once, and handed on with what ffprobe saw", async () => {
    const probing = new FakeProbing();
    const media = { codec: "h264", width: 640, height: 480 };
    probing.tools.onDeepCheck = () => Promise.resolve({ media });
    probing.begin([stream("a"), stream("b")]);
    await probing.clock.advance(5000);
    probing.engine.checkNow(["a", "nobody"], "deep");
    await probing.clock.advance(200);
    assert.deepEqual(probing.tools.deepChecks, ["/a"]);
    assert.deepEqual(deepOf(probing).map(line), ["up ok deep: ffprobe reads h264 640x480"]);
    assert.deepEqual(deepOf(probing)[0]?.media, media);
  });

  it("that fails worsens nothing, and clears no suspicion", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({ reason: "deep_check_failed" });
    probing.begin([stream("a", { confirm_failures: 1 })]);
    await probing.clock.advance(5000);
    probing.told();
    for (let i = 0; i < 5; i++) {
      probing.engine.checkNow([], "deep");
      await probing.clock.advance(2000);
    }
    assert.deepEqual(
      deepOf(probing).map(line),
      Array(5).fill("degraded deep_check_failed deep: ffprobe finds nothing"),
    );
    assert.deepEqual([probing.told(), probing.engine.statistics().states.up], [[], 1]);
  });

  it("that passes clears a verdict of any level", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({});
    probing.answers.set("/a", () => Promise.resolve({ reason: "no_media", level: "media" }));
    probing.begin([stream("a")]);
    await probing.clock.advance(5000);
    assert.deepEqual(probing.told(), ["a: pending→down no_media"]);
    probing.engine.checkNow(["a"], "deep");
    await probing.clock.advance(200);
    assert.deepEqual(probing.told(), ["a: down→up ok"]);
  });

  it("without ffprobe says what is missing, and nothing about the camera", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(5000);
    probing.engine.checkNow(["a"], "deep");
    await probing.clock.advance(200);
    const { notMade, notMadeBecause } = probing.engine.statistics();
    assert.deepEqual([notMade, notMadeBecause, deepOf(probing)], [1, "no ffprobe", []]);
  });

  it("of many streams runs two at a time, and the heartbeats go on", async () => {
    const probing = new FakeProbing();
    let most = 0;
    let running = 0;
    probing.tools.onDeepCheck = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => probing.clock.setTimeout(resolve, 5000));
      running--;
      return {};
    };
    const names = Array.from({ length: 20 }, (_, n) => `s${n}`);
    probing.begin(names.map((name) => stream(name)));
    await probing.clock.advance(30_000);
    const before = probing.probes.length;
    probing.engine.checkNow([], "deep");
    probing.engine.checkNow(["s3"], "deep");
    await probing.clock.advance(MINUTE);
    assert.equal(most, 2);
    assert.deepEqual([...probing.tools.deepChecks].sort(), names.map((name) => `/${name}`).sort());
    assert.ok(probing.probes.length - before >= 40, `${probing.probes.length - before} heartbeats`);
  });

  it("takes one of its host's places for viewers, and waits for one while the heartbeat goes on", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({});
    probing.answers.set("/a", () => levelsAsked(probing));
    probing.answers.set("/holder", async () => {
      const asked = await levelsAsked(probing);
      if (asked.level === "media")
        await new Promise<void>((resolve) => probing.clock.setTimeout(resolve, 50_000));
      return asked;
    });
    const nvr = (name: string) => stream(name, { url: `rtsp://nvr.test/${name}` });
    probing.begin([nvr("a")], monitorSettings(20, { max_per_host: 1 }));
    await probing.clock.advance(1000);
    probing.engine.setStreams([nvr("a"), nvr("holder")], monitorSettings(20, { max_per_host: 1 }));
    await probing.clock.advance(1000);
    probing.engine.checkNow(["a"], "deep");
    const before = probing.probes.filter(({ path }) => path === "/a").length;
    await probing.clock.advance(45_000);
    assert.deepEqual(probing.tools.deepChecks, []);
    assert.ok(probing.probes.filter(({ path }) => path === "/a").length >= before + 2);
    await probing.clock.advance(10_000);
    assert.deepEqual(probing.tools.deepChecks, ["/a"]);
  });

  it("of a stream that is paused or taken out is not made", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () =>
      new Promise((resolve) => probing.clock.setTimeout(() => resolve({}), 5000));
    probing.begin(["a", "b", "c", "d"].map((name) => stream(name)));
    await probing.clock.advance(5000);
    probing.engine.setPauses({ all: false, names: ["d"] });
    probing.engine.checkNow([], "deep");
    await probing.clock.advance(100);
    probing.engine.setStreams([stream("a"), stream("b"), stream("d")], monitorSettings());
    await probing.clock.advance(MINUTE);
    assert.deepEqual(probing.tools.deepChecks, ["/a", "/b"]);
  });
});

describe("deep checks that wait", () => {
  it("leave no timer when the engine stops", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => new Promise(() => {});
    probing.begin(Array.from({ length: 9 }, (_, n) => stream(`s${n}`)));
    await probing.clock.advance(5000);
    probing.engine.checkNow([], "deep");
    await probing.clock.advance(10);
    probing.engine.stop();
    assert.equal(probing.clock.pending, 0);
  });
});

describe("the second opinion", () => {
  const unclear = (probing: FakeProbing, more: Partial<ProbeResult> = {}) =>
    probing.answers.set("/a", async () => ({
      ...(await levelsAsked(probing)),
      reason: "not_a_stream",
      message: "RTSP 200, but no session description",
      latencyMs: 7,
      timings: { answerMs: 7 },
      ...more,
    }));

  it("keeps a stream up that we do not understand and ffprobe does", async () => {
    const probing = new FakeProbing();
    const media = { codec: "vc1", width: 640, height: 480 };
    probing.tools.onDeepCheck = () => Promise.resolve({ timings: { mediaMs: 900 }, media });
    unclear(probing);
    probing.begin([stream("a")]);
    await probing.clock.advance(3000);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
    const check = probing.checks.at(-1) as Check;
    assert.equal(
      line(check),
      "up ok deep: ffprobe reads h264 640x480, although RTSP 200, but no session description",
    );
    assert.deepEqual(
      [check.latencyMs, check.timings, check.media],
      [7, { answerMs: 7, mediaMs: 900 }, media],
    );

    // from then on without a failure in between, and ffprobe runs no more often than the picture is looked at
    await probing.clock.advance(10 * MINUTE);
    assert.deepEqual(probing.told(), []);
    assert.equal(probing.checks.filter(({ state }) => state === "down").length, 1);
    const runs = probing.tools.deepChecks.length;
    assert.ok(runs >= 9 && runs <= 12, String(runs));
  });

  it("is asked before a stream is called down, and not for a blip", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({ reason: "deep_check_failed" });
    probing.begin([stream("a", { confirm_failures: 3 })]);
    await probing.clock.advance(5000);
    let failures = 2;
    probing.answers.set("/a", () =>
      Promise.resolve({ reason: failures-- > 0 ? "protocol_error" : "ok", level: "media" }),
    );
    await probing.clock.advance(22_000);
    assert.deepEqual(probing.tools.deepChecks, []);
    failures = 10;
    await probing.clock.advance(25_000);
    assert.deepEqual(probing.tools.deepChecks, ["/a"]);
    assert.deepEqual(probing.told(), ["a: pending→up ok", "a: up→down protocol_error"]);
    assert.equal(
      probing.checks.find(({ message }) => message.includes("ffprobe"))?.message,
      "protocol_error; ffprobe finds nothing",
    );
  });

  it("is asked again every five minutes while it agrees, and at once when the verdict changes", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({ reason: "deep_check_failed" });
    unclear(probing);
    probing.begin([stream("a")]);
    await probing.clock.advance(11 * MINUTE);
    assert.equal(probing.tools.deepChecks.length, 3);
    unclear(probing, { reason: "protocol_error" });
    await probing.clock.advance(MINUTE);
    assert.equal(probing.tools.deepChecks.length, 4);
    probing.tools.onDeepCheck = () => Promise.resolve({});
    await probing.clock.advance(5 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→down not_a_stream", "a: down→up ok"]);
  });

  const clear: [what: string, result: Partial<ProbeResult>][] = [
    ["a timeout", { reason: "timeout" }],
    ["a camera that sends nothing", { reason: "no_media", level: "media" }],
    ["a wrong path", { reason: "wrong_path" }],
  ];
  for (const [what, result] of clear) {
    it(`is not asked about ${what}`, async () => {
      const probing = new FakeProbing();
      probing.answers.set("/a", () => Promise.resolve(result));
      probing.begin([stream("a")]);
      await probing.clock.advance(3 * MINUTE);
      assert.deepEqual(probing.tools.deepChecks, []);
    });
  }

  it("is asked about a picture that came and could not be read", async () => {
    const probing = new FakeProbing();
    probing.tools.onDeepCheck = () => Promise.resolve({});
    unclear(probing, { reason: "no_media", unreadable: true });
    probing.begin([stream("a")]);
    await probing.clock.advance(3000);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
  });

  it("changes nothing without ffprobe, when too much waits for it, or when no picture is wanted", async () => {
    for (const prepare of [
      (probing: FakeProbing) => unclear(probing),
      (probing: FakeProbing) => {
        unclear(probing);
        probing.tools.onDeepCheck = () => Promise.resolve({});
        probing.tools.hasRoom = false;
      },
    ]) {
      const probing = new FakeProbing();
      prepare(probing);
      probing.begin([stream("a")]);
      await probing.clock.advance(3000);
      assert.deepEqual(probing.told(), ["a: pending→down not_a_stream"]);
      assert.ok(probing.checks.every(({ message }) => message === "RTSP 200, but no session description"));
    }
    const probing = new FakeProbing();
    unclear(probing);
    probing.begin([stream("a", { level: "handshake" })]);
    await probing.clock.advance(MINUTE);
    assert.deepEqual(probing.tools.deepChecks, []);
  });
});

describe("the picture check", () => {
  const grey = (value: number) => ({ grey: Buffer.alloc(PICTURE.width * PICTURE.height, value) });
  const moving = () => {
    let n = 0;
    return () => Promise.resolve(grey(50 + (n++ % 100)));
  };
  const watched = (probing: FakeProbing, minutes = 10, heartbeat = 20) => {
    probing.answers.set("/a", () => levelsAsked(probing));
    probing.begin([stream("a")], monitorSettings(heartbeat, { picture_minutes: minutes }));
  };

  it("is made once in its interval, and never when nobody asks for it", async () => {
    const probing = new FakeProbing();
    probing.tools.onGrab = moving();
    watched(probing);
    probing.engine.setStreams(
      [stream("a"), stream("off", { picture_minutes: 0 })],
      monitorSettings(20, { picture_minutes: 10 }),
    );
    await probing.clock.advance(61 * MINUTE);
    const { length } = probing.tools.grabs;
    assert.ok(length >= 6 && length <= 7, String(length));
    assert.deepEqual(new Set(probing.tools.grabs), new Set(["/a"]));
    assert.deepEqual(
      probing.told().filter((text) => !text.includes("pending")),
      [],
    );
  });

  it("hands each picture on, whatever it shows, but none of a stream that is gone", async () => {
    const probing = new FakeProbing();
    let n = 0;
    probing.tools.onGrab = () => Promise.resolve({ ...grey(0), jpeg: Buffer.from(`jpeg ${++n}`) });
    watched(probing);
    await probing.clock.advance(12 * MINUTE);
    assert.deepEqual(probing.pictures.slice(0, 2), ["a: jpeg 1", "a: jpeg 2"]);
    assert.equal(probing.pictures.length, probing.tools.grabs.length);

    let give: () => void = () => {};
    probing.tools.onGrab = () =>
      new Promise((resolve) => (give = () => resolve({ ...grey(9), jpeg: Buffer.from("late") })));
    const { length } = probing.tools.grabs;
    while (probing.tools.grabs.length === length) await probing.clock.advance(1000);
    probing.engine.setStreams([], monitorSettings());
    give();
    await probing.clock.advance(1000);
    assert.ok(!probing.pictures.includes("a: late"));
  });

  it("confirms black with a second picture, and clears it with a better one", async () => {
    const probing = new FakeProbing();
    probing.tools.onGrab = () => Promise.resolve(grey(0));
    watched(probing);
    await probing.clock.advance(12 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→up ok", "a: up→degraded black"]);
    const bad = probing.checks.filter(({ reason }) => reason === "black");
    assert.equal(line(bad[0] as Check), "degraded black media: picture is black (brightness 0.0 of 255)");
    assert.equal((bad[1]?.at ?? 0) - (bad[0]?.at ?? 0), 1000);
    const grabs = probing.tools.grabs.length;
    await probing.clock.advance(10 * MINUTE);
    assert.deepEqual(probing.told(), []);
    assert.ok(probing.tools.grabs.length - grabs <= 11, "once a minute");
    probing.tools.onGrab = moving();
    await probing.clock.advance(2 * MINUTE);
    assert.deepEqual(probing.told(), ["a: degraded→up ok"]);
  });

  it("one black picture alone is a blip", async () => {
    const probing = new FakeProbing();
    let n = 0;
    probing.tools.onGrab = () => Promise.resolve(grey(n++ === 0 ? 0 : 100 + n));
    watched(probing);
    await probing.clock.advance(15 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
  });

  it("finds a frozen picture with the third look", async () => {
    const probing = new FakeProbing();
    probing.tools.onGrab = () => Promise.resolve(grey(90));
    watched(probing);
    await probing.clock.advance(18 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
    await probing.clock.advance(13 * MINUTE);
    assert.deepEqual(probing.told(), ["a: up→degraded frozen"]);
  });

  it("stays as it is when other settings change, and is forgotten with the URL", async () => {
    const probing = new FakeProbing();
    probing.tools.onGrab = () => Promise.resolve(grey(0));
    watched(probing);
    await probing.clock.advance(12 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→up ok", "a: up→degraded black"]);
    const settings = monitorSettings(30, { picture_minutes: 10 });
    probing.engine.setStreams([stream("a")], settings);
    await probing.clock.advance(500);
    assert.deepEqual([probing.checks.at(-1)?.reason, probing.told()], ["black", []]);
    probing.answers.set("/b", () => levelsAsked(probing));
    probing.engine.setStreams([stream("a", { url: "rtsp://b.test/b" })], settings);
    await probing.clock.advance(500);
    assert.deepEqual(probing.told(), ["a: degraded→up ok"]);
  });

  it("hides nothing worse", async () => {
    const probing = new FakeProbing();
    probing.tools.onGrab = () => Promise.resolve(grey(0));
    watched(probing);
    await probing.clock.advance(12 * MINUTE);
    probing.answers.set("/a", "timeout");
    await probing.clock.advance(MINUTE);
    probing.answers.set("/a", () => levelsAsked(probing));
    probing.tools.onGrab = moving();
    await probing.clock.advance(3 * MINUTE);
    assert.deepEqual(probing.told(), [
      "a: pending→up ok",
      "a: up→degraded black",
      "a: degraded→down timeout",
      "a: down→up ok",
    ]);
  });

  it("without ffmpeg says so, and nothing about the camera", async () => {
    const probing = new FakeProbing();
    watched(probing);
    await probing.clock.advance(15 * MINUTE);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
    assert.equal(probing.engine.statistics().picturesMissing, "rtsp://a.test: no ffmpeg");
    probing.engine.setStreams([stream("a")], monitorSettings());
    assert.equal(probing.engine.statistics().picturesMissing, "");
  });
});
