import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ProbeResult } from "../../nodes/stream-probe/probers/prober";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

const starts = (probing: FakeProbing, path: string) =>
  probing.probes.filter((probe) => probe.path === path).map(({ at }) => at);

describe("the schedule", () => {
  it("checks each stream once a heartbeat, at a fixed rate", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(100_000);
    const [first = NaN, second = NaN, ...rest] = starts(probing, "/a");
    assert.ok(first < 100, "the first check comes at once");
    assert.ok(second - first >= 10_000 && second - first <= 30_000);
    assert.deepEqual(
      rest,
      [1, 2, 3, 4].map((n) => second + n * 20_000),
    );
  });

  it("does not drift when probes take long", async () => {
    const probing = new FakeProbing();
    probing.answers.set(
      "/a",
      () => new Promise((resolve) => probing.clock.setTimeout(() => resolve({}), 3000)),
    );
    probing.begin([stream("a")]);
    await probing.clock.advance(200_000);
    const [, second = NaN, ...rest] = starts(probing, "/a");
    assert.deepEqual(
      rest.slice(0, 5),
      [1, 2, 3, 4, 5].map((n) => second + n * 20_000),
    );
  });

  it("spreads many streams evenly over the heartbeat, from the first round on", async () => {
    const probing = new FakeProbing();
    probing.begin(Array.from({ length: 2000 }, (_, n) => stream(`s${n}`)));
    await probing.clock.advance(60_000);
    for (const round of [0, 20_000, 40_000]) {
      const perSecond = Array.from({ length: 20 }, (_, second) => {
        const from = round + second * 1000;
        return probing.probes.filter(({ at }) => at >= from && at < from + 1000).length;
      });
      assert.ok(Math.max(...perSecond) <= 200, `round at ${round}: ${perSecond.join(" ")}`);
    }
    // while the first round ends, its phases become those of the slots: nobody waits longer than 30 s
    assert.ok(probing.probes.length >= 5500 && probing.probes.length <= 6500, String(probing.probes.length));
  });

  it("never probes a stream twice at once, and counts the slots it left out", async () => {
    const probing = new FakeProbing();
    probing.answers.set(
      "/a",
      () => new Promise((resolve) => probing.clock.setTimeout(() => resolve({}), 50_000)),
    );
    probing.begin([stream("a")]);
    await probing.clock.advance(110_000);
    assert.equal(probing.mostInFlight, 1);
    assert.equal(probing.engine.statistics().skipped, 4);
  });

  it("keeps to both limits, and a full host holds up no other", async () => {
    const probing = new FakeProbing();
    const slow = () =>
      new Promise<Partial<ProbeResult>>((resolve) => probing.clock.setTimeout(() => resolve({}), 1000));
    const nvr = Array.from({ length: 10 }, (_, n) => {
      probing.answers.set(`/${n}`, slow);
      return stream(`nvr${n}`, { url: `rtsp://nvr.test/${n}` });
    });
    probing.begin(
      [...nvr, stream("other")],
      monitorSettings(20, { max_concurrent: 4, max_handshakes_per_host: 2 }),
    );
    await probing.clock.advance(900);
    assert.deepEqual([probing.inFlight, probing.probes.some(({ path }) => path === "/other")], [2, true]);
    await probing.clock.advance(5000);
    assert.equal(probing.checks.length, 11);
    assert.equal(probing.mostInFlight, 3);
  });

  it("a changed entry is checked at once, an unchanged one keeps its slots", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a"), stream("b")]);
    await probing.clock.advance(65_000);
    const slots = starts(probing, "/a");
    const changedAt = probing.clock.elapsed();
    probing.engine.setStreams([stream("a"), stream("b", { url: "rtsp://b.test/new" })], monitorSettings());
    await probing.clock.advance(40_000);
    const [firstOfNew = NaN] = starts(probing, "/new");
    assert.ok(firstOfNew - changedAt < 100);
    const last = slots.at(-1) ?? NaN;
    assert.deepEqual(starts(probing, "/a").slice(slots.length), [last + 20_000, last + 40_000]);
  });

  it("a stream that is taken out is not probed again, and a result that comes late is dropped", async () => {
    const probing = new FakeProbing();
    probing.answers.set(
      "/a",
      () => new Promise((resolve) => probing.clock.setTimeout(() => resolve({}), 500)),
    );
    probing.begin([stream("a")]);
    await probing.clock.advance(100);
    probing.engine.setStreams([], monitorSettings());
    await probing.clock.advance(60_000);
    assert.deepEqual([probing.probes.length, probing.checks.length], [1, 0]);
    assert.equal(probing.engine.statistics().streams, 0);
  });

  it("checks now what it is told to", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a"), stream("b")]);
    await probing.clock.advance(5000);
    probing.engine.checkNow(["a", "nobody"]);
    await probing.clock.advance(10);
    assert.deepEqual([starts(probing, "/a").length, starts(probing, "/b").length], [2, 1]);
    probing.engine.checkNow([]);
    await probing.clock.advance(10);
    assert.deepEqual([starts(probing, "/a").length, starts(probing, "/b").length], [3, 2]);
  });
});

describe("what is confirmed", () => {
  it("a blip is no transition; a failure that stays is one, within seconds", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(1000);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);

    let failures = 1;
    probing.answers.set("/a", () => Promise.resolve({ reason: failures-- > 0 ? "timeout" : "ok" }));
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told(), []);

    probing.answers.set("/a", "connect_refused");
    const before = probing.checks.length;
    await probing.clock.advance(21_000);
    assert.deepEqual(probing.told(), ["a: up→down connect_refused"]);
    const [first, second] = probing.checks.slice(before).filter(({ reason }) => reason !== "ok");
    assert.equal((second?.at ?? 0) - (first?.at ?? 0), 1000);
    assert.equal(probing.engine.statistics().states.down, 1);
  });

  it("dates an outage from its first failure, and sees recovery with the next heartbeat", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(1000);
    const upAt = probing.transitions[0]?.at ?? 0;
    probing.transitions.length = 0;
    probing.answers.set("/a", "timeout");
    await probing.clock.advance(40_000);
    const firstFailure = probing.checks.find(({ reason }) => reason === "timeout");
    assert.deepEqual(
      probing.transitions.map(({ at, previousDurationMs }) => [at, previousDurationMs]),
      [[firstFailure?.at, (firstFailure?.at ?? 0) - upAt]],
    );
    probing.told();
    probing.answers.set("/a", "ok");
    await probing.clock.advance(20_000);
    assert.deepEqual(probing.told(), ["a: down→up ok"]);
  });

  it("counts degraded and down together, and takes the last word", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a", { confirm_failures: 3 })]);
    await probing.clock.advance(1000);
    probing.told();
    const said = ["auth_failed", "timeout", "wrong_path"] as const;
    let n = 0;
    probing.answers.set("/a", () => Promise.resolve({ reason: said[Math.min(n++, 2)] }));
    await probing.clock.advance(30_000);
    assert.deepEqual(probing.told(), ["a: up→degraded wrong_path"]);
  });

  it("a verdict is cleared only by a check that looked as far", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(1000);
    probing.answers.set("/a", () => Promise.resolve({ reason: "no_media", level: "media" }));
    await probing.clock.advance(22_000);
    assert.deepEqual(probing.told(), ["a: pending→up ok", "a: up→down no_media"]);
    probing.answers.set("/a", "ok");
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told(), []);
    probing.answers.set("/a", () => Promise.resolve({ reason: "ok", level: "media" }));
    await probing.clock.advance(20_000);
    assert.deepEqual(probing.told(), ["a: down→up ok"]);
  });

  it("tells a changed reason without a transition", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", "timeout");
    probing.begin([stream("a")]);
    await probing.clock.advance(2000);
    assert.deepEqual(probing.told(), ["a: pending→down timeout"]);
    probing.states.length = 0;
    probing.answers.set("/a", "connect_refused");
    await probing.clock.advance(21_000);
    assert.deepEqual(probing.told(), []);
    assert.deepEqual(
      probing.states.flat().map(({ state, reason }) => [state, reason]),
      [["down", "connect_refused"]],
    );
  });

  it("hands on the checks that led to a transition before it", async () => {
    const probing = new FakeProbing();
    const order: string[] = [];
    probing.checks.push = (...checks) => order.push(...checks.map(({ reason }) => `check ${reason}`));
    probing.transitions.push = (...transitions) =>
      order.push(...transitions.map(({ to }) => `transition ${to}`));
    probing.answers.set("/a", "timeout");
    probing.begin([stream("a")]);
    await probing.clock.advance(2000);
    assert.deepEqual(order, ["check timeout", "check timeout", "transition down"]);
  });

  it("a machine that cannot probe says nothing about cameras", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(1000);
    probing.told();
    probing.answers.set("/a", () => Promise.resolve({ notMade: "out of file descriptors" }));
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told(), []);
    const { notMade, notMadeBecause, checks } = probing.engine.statistics();
    assert.deepEqual([notMade, notMadeBecause, checks], [3, "out of file descriptors", 1]);
  });

  it("a bug in a prober stops nobody else", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", () => Promise.reject(new TypeError("bug")));
    probing.begin([stream("a"), stream("b")]);
    await probing.clock.advance(50_000);
    assert.ok(probing.checks.every((check) => check.stream === "b") && probing.checks.length >= 2);
    assert.match(probing.engine.statistics().notMadeBecause, /rtsp prober failed on rtsp:\/\/a\.test/);
  });
});

describe("how far a check looks", () => {
  const levels = (probing: FakeProbing) => probing.probes.map(({ request }) => request.level);

  it("at the picture first, then once a minute, and at nothing but the handshake in between", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", () => Promise.resolve({ level: probing.probes.at(-1)?.request.level }));
    probing.begin([stream("a")]);
    await probing.clock.advance(125_000);
    assert.deepEqual(levels(probing), [
      "media",
      "handshake",
      "handshake",
      "media",
      "handshake",
      "handshake",
      "media",
    ]);
    assert.equal(probing.probes[0]?.request.timeoutMs, 10_000);
    assert.equal(probing.probes[1]?.request.timeoutMs, 3500);
  });

  it("once when media_seconds is 0, never when the level is handshake", async () => {
    const probing = new FakeProbing();
    const settings = monitorSettings(20, { media_seconds: 0 });
    probing.begin([stream("a")], settings);
    await probing.clock.advance(190_000);
    assert.equal(levels(probing).filter((level) => level === "media").length, 1);
    probing.engine.setStreams([stream("b", { level: "handshake" })], settings);
    probing.answers.set("/b", "timeout");
    const before = probing.probes.length;
    await probing.clock.advance(190_000);
    assert.ok(
      levels(probing)
        .slice(before)
        .every((level) => level === "handshake"),
    );
  });

  it("at the picture again at once when something is wrong, and until it is well", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", () => Promise.resolve({ level: probing.probes.at(-1)?.request.level }));
    probing.begin([stream("a")]);
    await probing.clock.advance(25_000);
    const before = probing.probes.length;
    probing.answers.set("/a", "timeout");
    await probing.clock.advance(40_000);
    probing.answers.set("/a", () => Promise.resolve({ level: probing.probes.at(-1)?.request.level }));
    await probing.clock.advance(40_000);
    assert.deepEqual(levels(probing).slice(before), ["handshake", "media", "media", "media", "handshake"]);
    assert.deepEqual(probing.told(), ["a: pending→up ok", "a: up→down timeout", "a: down→up ok"]);
  });

  it("at no more pictures of one host at once than it may, and says when that makes them late", async () => {
    const probing = new FakeProbing();
    let media = 0;
    let most = 0;
    const streams = Array.from({ length: 12 }, (_, n) => {
      probing.answers.set(`/${n}`, async () => {
        const { level } = probing.probes.at(-1)?.request ?? {};
        if (level !== "media") return { level };
        most = Math.max(most, ++media);
        await new Promise<void>((resolve) => probing.clock.setTimeout(resolve, 9000));
        media--;
        return { level };
      });
      return stream(`nvr${n}`, { url: `rtsp://nvr.test/${n}` });
    });
    probing.begin(streams, monitorSettings(5, { media_seconds: 5 }));
    await probing.clock.advance(300_000);
    assert.equal(most, 2);
    assert.ok(probing.engine.statistics().mediaLate > 0);
    assert.equal(probing.engine.statistics().states.up, 12);
    assert.ok(probing.transitions.every(({ to }) => to === "up"));
  });

  it("a suspect waits for a place, and a handshake does not clear it", async () => {
    const probing = new FakeProbing();
    const held = stream("holder", { url: "rtsp://nvr.test/holder" });
    probing.answers.set("/a", () => {
      const { level } = probing.probes.at(-1)?.request ?? {};
      return Promise.resolve({ level, reason: level === "media" ? "no_media" : "ok" });
    });
    probing.begin(
      [stream("a", { url: "rtsp://nvr.test/a" }), held],
      monitorSettings(20, { max_per_host: 1 }),
    );
    await probing.clock.advance(30_000);
    assert.ok(probing.told().includes("a: pending→down no_media"));
  });
});

describe("credentials", () => {
  it("are sent once when refused, then every five minutes, and at once when the URL changes", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", () => {
      const { withholdCredentials } = probing.probes.at(-1)?.request ?? {};
      return Promise.resolve({ reason: "auth_failed", credentialsRefused: !withholdCredentials });
    });
    probing.begin([stream("a", { url: "rtsp://u:wrong@a.test/a" })]);
    await probing.clock.advance(299_000);
    const sent = () => probing.probes.filter(({ request }) => !request.withholdCredentials).length;
    assert.deepEqual([sent(), probing.told()], [1, ["a: pending→degraded auth_failed"]]);
    await probing.clock.advance(25_000);
    assert.equal(sent(), 2);
    probing.engine.setStreams([stream("a", { url: "rtsp://u:other@a.test/a" })], monitorSettings());
    await probing.clock.advance(1000);
    assert.equal(sent(), 3);
  });
});

describe("pauses", () => {
  it("a stream that is not enabled is paused, and comes back by itself when it is", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a", { enabled: false })]);
    await probing.clock.advance(60_000);
    assert.deepEqual([probing.probes.length, probing.told()], [0, ["a: pending→paused null"]]);
    probing.engine.setStreams([stream("a")], monitorSettings());
    await probing.clock.advance(1000);
    assert.deepEqual(probing.told(), ["a: paused→up ok"]);
  });

  it("pause and resume by hand, one or all", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a"), stream("b")]);
    await probing.clock.advance(1000);
    probing.told();
    probing.engine.setPauses({ all: false, names: ["a"] });
    probing.engine.setPauses({ all: true, names: ["a"] });
    assert.deepEqual(probing.told(), ["a: up→paused null", "b: up→paused null"]);
    const before = probing.probes.length;
    await probing.clock.advance(60_000);
    assert.equal(probing.probes.length, before);
    probing.engine.setPauses({ all: false, names: ["a"] });
    await probing.clock.advance(1000);
    assert.deepEqual(probing.told(), ["b: paused→up ok"]);
    probing.engine.checkNow(["a"]);
    await probing.clock.advance(1000);
    assert.deepEqual(probing.told(), []);
  });
});

describe("a restart", () => {
  const confirmed = (name: string, state: "up" | "down" | "paused", since: number) =>
    ({
      stream: name,
      state,
      reason: state === "paused" ? null : state === "up" ? "ok" : "timeout",
      since,
      level: "handshake",
    }) as const;

  it("announces nothing that was announced, and keeps the time since when", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/b", "timeout");
    probing.engine.setStreams([stream("a"), stream("b"), stream("c", { enabled: false })], monitorSettings());
    await probing.clock.advance(1500);
    assert.deepEqual(probing.told(), []);
    probing.engine.restore(
      [confirmed("a", "up", 111), confirmed("b", "down", 222), confirmed("c", "paused", 333)],
      5,
    );
    await probing.clock.advance(60_000);
    assert.deepEqual(probing.told(), []);
    assert.deepEqual(
      probing.states.at(-1)?.map(({ state, since }) => [state, since]),
      [
        ["up", 111],
        ["down", 222],
        ["paused", 333],
      ],
    );
  });

  it("also when the store is quicker than config.yaml", async () => {
    const probing = new FakeProbing();
    probing.engine.restore([confirmed("a", "up", 111)], 5);
    await probing.clock.advance(1000);
    probing.engine.setStreams([stream("a")], monitorSettings());
    await probing.clock.advance(10_000);
    assert.deepEqual(probing.told(), []);
    assert.equal(probing.states.at(-1)?.[0]?.since, 111);
  });

  it("announces what changed while the monitor was off, from what was last confirmed", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", "timeout");
    probing.engine.setStreams([stream("a"), stream("b")], monitorSettings());
    await probing.clock.advance(1500);
    const lastSeq = probing.clock.now() + 1e9;
    probing.engine.restore([confirmed("a", "up", 111), confirmed("b", "down", 222)], lastSeq);
    const [first, second] = probing.transitions;
    assert.deepEqual([first?.stream, first?.from, first?.to, first?.seq], ["a", "up", "down", lastSeq + 1]);
    assert.equal(first?.previousDurationMs, (first?.at ?? 0) - 111);
    assert.deepEqual(
      [second?.stream, second?.from, second?.to, second?.seq],
      ["b", "down", "up", lastSeq + 2],
    );
  });

  it("goes on by itself when no store answers", async () => {
    const probing = new FakeProbing();
    probing.engine.setStreams([stream("a")], monitorSettings());
    await probing.clock.advance(2900);
    assert.deepEqual(probing.told(), []);
    await probing.clock.advance(200);
    assert.deepEqual(probing.told(), ["a: pending→up ok"]);
  });

  it("tells a store that was started again all states, and announces nothing", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(5000);
    probing.told();
    probing.states.length = 0;
    probing.engine.restore([confirmed("a", "down", 5)], 0);
    await probing.clock.advance(200);
    assert.deepEqual([probing.told(), probing.states.flat().map(({ state }) => state)], [[], ["up"]]);
  });
});

describe("a rename", () => {
  it("keeps the health and announces nothing", async () => {
    const probing = new FakeProbing();
    probing.begin([stream("a")]);
    await probing.clock.advance(5000);
    const since = probing.transitions[0]?.at;
    probing.told();
    probing.engine.setStreams([stream("b", { url: "rtsp://a.test/a" })], monitorSettings());
    await probing.clock.advance(5000);
    assert.deepEqual(probing.told(), []);
    assert.deepEqual(
      probing.states.at(-1)?.map((state) => [state.stream, state.state, state.since]),
      [["b", "up", since]],
    );
  });
});

describe("stopping", () => {
  it("leaves no timer, and tells what is known", async () => {
    const probing = new FakeProbing();
    probing.begin(Array.from({ length: 50 }, (_, n) => stream(`s${n}`)));
    await probing.clock.advance(450);
    probing.engine.stop();
    assert.equal(probing.clock.pending, 0);
    assert.equal(probing.checks.length, probing.probes.length);
  });
});
