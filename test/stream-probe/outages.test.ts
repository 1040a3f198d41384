import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outage, StreamState } from "../../contracts/check";
import { outageMessageSchema } from "../../contracts/messages";
import type { State } from "../../contracts/reasons";
import { Outages } from "../../nodes/stream-probe/outages";
import { subnetOf } from "../../nodes/stream-probe/subnet";
import { FakeClock } from "../support/fake-clock";
import { FakeProbing, monitorSettings, stream } from "../support/fake-probing";

const HEARTBEAT_MS = 20_000;
const SETTLED_MS = HEARTBEAT_MS + 5000;

/** Outages with what they told. */
class Told {
  readonly clock = new FakeClock();
  readonly messages: Outage[] = [];
  readonly outages = new Outages(this.clock, (outage) => this.messages.push(outage));

  /** @param streams "name@host" */
  set(...streams: string[]): void {
    const list = streams.map((text) => ({
      stream: text.split("@")[0] ?? "",
      host: text.split("@")[1] ?? "",
    }));
    this.outages.setStreams(list, HEARTBEAT_MS, (name) => name);
  }

  say(state: State, ...streams: string[]): void {
    for (const name of streams) this.outages.observe(name, state, this.clock.now());
  }

  /** "host nvr began: a b" for each message since the last call. */
  told(): string[] {
    return this.messages.splice(0).map((payload) => {
      outageMessageSchema.parse({ topic: "outage", payload });
      const { kind, host, event, streams } = payload;
      return `${kind} ${host} ${event}: ${streams.join(" ")}`;
    });
  }
}

describe("the outage of a host", () => {
  it("begins when all its streams are down, and ends with the first that is not", () => {
    const told = new Told();
    told.set("a@NVR.test", "b@nvr.test", "c@other.test");
    told.say("up", "a", "b", "c");
    told.say("down", "a");
    assert.deepEqual(told.told(), []);
    told.clock.pass(1000);
    told.say("down", "b");
    assert.deepEqual(told.messages, [
      { kind: "host", event: "began", host: "NVR.test", streams: ["a", "b"], at: told.clock.now() },
    ]);
    const { at } = told.messages.splice(0)[0] as Outage;
    told.clock.pass(90_000);
    told.say("degraded", "b");
    assert.deepEqual(told.messages.splice(0), [
      {
        kind: "host",
        event: "ended",
        host: "NVR.test",
        streams: ["a", "b"],
        at: at + 90_000,
        durationMs: 90_000,
      },
    ]);
    told.say("up", "a", "b");
    assert.deepEqual(told.told(), []);
  });

  it("needs two streams; those that are paused do not count, those that are unknown hold it up", () => {
    const told = new Told();
    told.set("a@one", "b@two", "c@two", "d@three", "e@three", "f@three");
    told.say("down", "a", "b");
    told.say("paused", "c");
    told.say("down", "d", "e");
    assert.deepEqual(told.told(), []);
    told.say("paused", "f");
    assert.deepEqual(told.told(), ["host three began: d e"]);
  });

  it("goes on while streams are added to it, and ends when none is left that is down", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr");
    told.say("down", "a", "b");
    told.set("a@nvr", "b@nvr", "c@nvr");
    told.say("down", "c");
    assert.deepEqual(told.told(), ["host nvr began: a b"]);
    told.set("z@other");
    assert.deepEqual(told.told(), ["host nvr ended: a b"]);
  });

  it("begins when the only stream that was up is taken out", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr", "c@nvr");
    told.say("down", "a", "b");
    told.say("up", "c");
    told.set("a@nvr", "b@nvr");
    assert.deepEqual(told.told(), ["host nvr began: a b"]);
  });

  it("goes with a stream to its new name and its new host", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr");
    told.say("down", "a", "b");
    told.told();
    const list = [
      { stream: "A", host: "nvr" },
      { stream: "b", host: "nvr" },
    ];
    told.outages.setStreams(list, HEARTBEAT_MS, (name) => name.toLowerCase());
    told.say("up", "A");
    assert.deepEqual(told.told(), ["host nvr ended: a b"]);
  });
});

describe("the outage of a subnet", () => {
  it("forty cameras behind a switch are one message, and their hosts none", async () => {
    const told = new Told();
    const names = Array.from({ length: 40 }, (_, n) => [
      `main${n}@192.0.2.${n + 1}`,
      `sub${n}@192.0.2.${n + 1}`,
    ]).flat();
    told.set(...names, "office@198.51.100.7");
    const all = names.map((text) => text.split("@")[0] ?? "");
    told.say("up", ...all, "office");
    for (const name of all) {
      told.say("down", name);
      await told.clock.advance(HEARTBEAT_MS / all.length);
    }
    await told.clock.advance(10 * 60_000);
    assert.deepEqual(told.told(), [`subnet 192.0.2.0/24 began: ${all.join(" ")}`]);

    for (const name of all) {
      told.say("up", name);
      await told.clock.advance(HEARTBEAT_MS / all.length);
    }
    await told.clock.advance(10 * 60_000);
    assert.deepEqual(told.told(), [`subnet 192.0.2.0/24 ended: ${all.join(" ")}`]);
  });

  it("a host that is down alone is told when it shows that its subnet is not", async () => {
    const told = new Told();
    told.set("a@192.0.2.1", "b@192.0.2.1", "c@192.0.2.2");
    told.say("up", "a", "b", "c");
    told.say("down", "a", "b");
    await told.clock.advance(SETTLED_MS - 1);
    assert.deepEqual(told.told(), []);
    await told.clock.advance(1);
    assert.deepEqual(told.told(), ["host 192.0.2.1 began: a b"]);
  });

  it("a host that is back before that is not told of", async () => {
    const told = new Told();
    told.set("a@192.0.2.1", "b@192.0.2.1", "c@192.0.2.2");
    told.say("down", "a", "b");
    told.say("up", "c", "a");
    await told.clock.advance(SETTLED_MS * 2);
    assert.deepEqual([told.told(), told.clock.pending], [[], 0]);
  });

  it("a host that stays down when the others are back is told of", async () => {
    const told = new Told();
    told.set("a@192.0.2.1", "b@192.0.2.1", "c@192.0.2.2");
    told.say("down", "a", "b", "c");
    told.say("up", "c");
    await told.clock.advance(SETTLED_MS);
    assert.deepEqual(told.told(), [
      "subnet 192.0.2.0/24 began: a b c",
      "subnet 192.0.2.0/24 ended: a b c",
      "host 192.0.2.1 began: a b",
    ]);
  });

  it("one host is no subnet, and tells at once", () => {
    const told = new Told();
    told.set("a@192.0.2.1", "b@192.0.2.1", "c@198.51.100.1");
    told.say("down", "a", "b");
    assert.deepEqual(told.told(), ["host 192.0.2.1 began: a b"]);
  });

  const subnets: [host: string, expected: string | undefined][] = [
    ["192.0.2.255", "192.0.2.0/24"],
    ["camera.test", undefined],
    ["192.0.2", undefined],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:7:1:2:3:4", "2001:db8:0:7::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:1:2:3::", "2001:db8:1:2::/64"],
    ["::ffff:192.0.2.1", "0:0:0:0::/64"],
  ];
  for (const [host, expected] of subnets) {
    it(`of ${host}: ${expected}`, () => assert.equal(subnetOf(host), expected));
  }
});

describe("outages after a restart", () => {
  const state = (name: string, state: State): StreamState => {
    return { stream: name, state, reason: "timeout", since: 111, level: "handshake" };
  };

  it("that were there before are not told again, but their end is", async () => {
    const told = new Told();
    told.set("a@192.0.2.1", "b@192.0.2.1", "c@192.0.2.2", "d@nvr", "e@nvr");
    told.outages.restore(["a", "b", "c", "d", "e"].map((name) => state(name, "down")));
    told.say("down", "a", "b", "c", "d", "e");
    await told.clock.advance(SETTLED_MS * 2);
    assert.deepEqual(told.told(), []);
    told.say("up", "c", "e");
    assert.deepEqual(told.told(), ["subnet 192.0.2.0/24 ended: a b c", "host nvr ended: d e"]);
    await told.clock.advance(SETTLED_MS);
    assert.deepEqual(told.told(), ["host 192.0.2.1 began: a b"]);
  });

  it("that came about meanwhile are told", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr");
    told.outages.restore([state("a", "down"), state("b", "up")]);
    told.say("down", "b");
    assert.deepEqual(told.told(), ["host nvr began: a b"]);
  });

  it("a camera that was added meanwhile makes no old outage new", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr", "new@nvr");
    told.outages.restore([state("a", "down"), state("b", "down")]);
    told.say("down", "new");
    assert.deepEqual(told.told(), []);
    told.say("up", "new");
    assert.deepEqual(told.told(), ["host nvr ended: a b"]);
  });

  it("what the store says later changes nothing that is known", () => {
    const told = new Told();
    told.set("a@nvr", "b@nvr");
    told.say("up", "a", "b");
    told.outages.restore([state("a", "down"), state("b", "down")]);
    told.say("down", "a");
    assert.deepEqual(told.told(), []);
  });
});

describe("outages of an engine", () => {
  const nvr = (name: string) => stream(name, { url: `rtsp://nvr.test/${name}` });

  it("come behind the transitions and delay none", async () => {
    const probing = new FakeProbing();
    probing.begin([nvr("a"), nvr("b")]);
    await probing.clock.advance(5000);
    const order: string[] = [];
    probing.transitions.push = (...list) => order.push(...list.map(({ stream, to }) => `${stream} ${to}`));
    probing.outages.push = (...list) => order.push(...list.map(({ event, host }) => `${host} ${event}`));
    probing.answers.set("/a", "timeout").set("/b", "timeout");
    await probing.clock.advance(60_000);
    probing.answers.set("/a", "ok").set("/b", "ok");
    await probing.clock.advance(60_000);
    const rest = order.splice(2);
    assert.deepEqual(order.sort(), ["a down", "b down"]);
    assert.equal(rest[0], "nvr.test began");
    assert.equal(rest[2], "nvr.test ended");
    assert.deepEqual([rest[1], rest[3]].sort(), ["a up", "b up"]);
  });

  it("wait with the transitions for the store, and are not told again", async () => {
    const probing = new FakeProbing();
    probing.answers.set("/a", "timeout").set("/b", "timeout");
    probing.engine.setStreams([nvr("a"), nvr("b")], monitorSettings());
    await probing.clock.advance(2500);
    assert.deepEqual(probing.outages, []);
    const confirmed = ["a", "b"].map((name): StreamState => {
      return { stream: name, state: "down", reason: "timeout", since: 222, level: "handshake" };
    });
    probing.engine.restore(confirmed, 5);
    await probing.clock.advance(60_000);
    assert.deepEqual([probing.told(), probing.outages], [[], []]);
    probing.answers.set("/a", "ok");
    await probing.clock.advance(20_000);
    assert.deepEqual(
      probing.outages.map(({ event, durationMs, at }) => [event, durationMs === at - 222]),
      [["ended", true]],
    );
  });
});
