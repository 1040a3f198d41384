import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacedPublisher } from "../../nodes/mqtt-status/paced-publisher";
import { FakeClock } from "../support/fake-clock";
import { FakeLink } from "./support";

function publisherOf() {
  const clock = new FakeClock();
  const link = new FakeLink();
  let published = 0;
  const paced = new PacedPublisher(
    clock,
    { perSecond: 20, everyMs: 100 },
    (messages) => (published += messages),
  );
  return { clock, link, paced, published: () => published };
}

describe("the paced publisher", () => {
  it("sends in slices, and of each topic the newest", () => {
    const { clock, link, paced, published } = publisherOf();
    paced.set("lost", () => "while nobody is there", true);
    paced.online(link);
    let state = "old";
    for (const topic of ["a", "b", "c", "d"]) paced.set(topic, () => `${topic} ${state}`, true);
    paced.set("c", () => "another", false);
    assert.equal(paced.queued, 4);
    clock.pass(0);
    state = "new";
    clock.pass(99);
    assert.equal(paced.queued, 2);
    clock.pass(1);
    assert.deepEqual(
      link.sent.map(({ topic, payload, qos, retain }) => [topic, payload, qos, retain]),
      [
        ["a", "a old", 0, true],
        ["b", "b old", 0, true],
        ["c", "another", 0, false],
        ["d", "d new", 0, true],
      ],
    );
    assert.equal(published(), 4);
    assert.equal(clock.pending, 0);
    paced.set("e", () => undefined, true);
    paced.set("f", () => "f", true);
    clock.pass(100);
    assert.deepEqual(link.on("e"), []);
    assert.deepEqual(link.on("f"), ["f"]);
  });

  it("sends more at once after a slice that came late, but not all", () => {
    const { clock, link, paced } = publisherOf();
    paced.online(link);
    clock.pass(10_000);
    for (let i = 0; i < 30; i++) paced.set(`topic ${i}`, () => "x", true);
    clock.pass(0);
    assert.equal(link.sent.length, 10);
    clock.pass(100);
    assert.equal(link.sent.length, 12);
  });

  it("waits while the broker takes nothing, and does not grow", () => {
    const { clock, link, paced } = publisherOf();
    paced.online(link);
    link.congested = true;
    for (let i = 0; i < 1000; i++) paced.set(`topic ${i % 3}`, () => String(i), true);
    clock.pass(10_000);
    assert.equal(paced.queued, 3);
    assert.deepEqual(link.sent, []);
    link.congested = false;
    clock.pass(200);
    assert.deepEqual(
      link.sent.map(({ payload }) => payload),
      ["999", "997", "998"],
    );
  });

  it("forgets what waits when the connection is lost, and sends all without its pace when told", async () => {
    const { clock, link, paced } = publisherOf();
    paced.online(link);
    for (const topic of ["a", "b", "c"]) paced.set(topic, () => topic, true);
    paced.offline();
    assert.equal(paced.queued, 0);
    assert.equal(clock.pending, 0);
    paced.online(link);
    for (let i = 0; i < 1200; i++) paced.set(`topic ${i}`, () => "x", true);
    const flushed = paced.flush();
    assert.equal(link.sent.length, 500);
    await clock.advance(0);
    await flushed;
    assert.equal(link.sent.length, 1200);
    for (let i = 0; i < 1200; i++) paced.set(`topic ${i}`, () => "x", true);
    const broken = paced.flush();
    paced.offline();
    await clock.advance(0);
    await broken;
    assert.equal(link.sent.length, 1700);
  });
});
