import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusTopic } from "../../nodes/mqtt-status/status-topic";
import { FakeClock, settle } from "../support/fake-clock";
import { FakeLink } from "./support";

const SETTINGS = { topic: "a/status", qos: 1, retain: true, intervalMs: 7000 } as const;

function topicOf() {
  const clock = new FakeClock();
  const link = new FakeLink();
  const problems: (string | undefined)[] = [];
  const reads: { resolve: (body: string) => void; reject: (error: Error) => void }[] = [];
  const status = new StatusTopic(
    {
      clock,
      read: () => new Promise((resolve, reject) => void reads.push({ resolve, reject })),
      onPublished: () => {},
      onProblem: (problem) => problems.push(problem),
    },
    SETTINGS,
  );
  const answer = async (body: string) => {
    reads.at(-1)?.resolve(body);
    await settle();
  };
  return { clock, link, problems, reads, status, answer };
}

describe("the topic of all streams", () => {
  it("is published at once, and each interval", async () => {
    const { clock, link, reads, status, answer } = topicOf();
    status.online(link);
    await answer("one");
    assert.deepEqual(link.sent, [{ topic: "a/status", payload: "one", qos: 1, retain: true }]);
    clock.pass(6999);
    assert.equal(reads.length, 1);
    clock.pass(1);
    await answer("two");
    clock.pass(7000);
    await answer("three");
    assert.deepEqual(link.on("a/status"), ["one", "two", "three"]);
    status.configure({ ...SETTINGS, topic: "b/status", qos: 0, retain: false });
    await answer("four");
    assert.deepEqual(link.sent.at(-1), { topic: "b/status", payload: "four", qos: 0, retain: false });
    status.offline();
    assert.equal(clock.pending, 0);
  });

  it("does not pile up while it is read, or not confirmed", async () => {
    const { clock, link, reads, status, answer } = topicOf();
    link.confirms = false;
    status.online(link);
    clock.pass(70_000);
    assert.equal(reads.length, 1);
    await answer("one");
    clock.pass(70_000);
    assert.equal(reads.length, 1);
    link.waiting[0]?.resolve();
    await settle();
    clock.pass(7000);
    assert.equal(reads.length, 2);
  });

  it("waits while the broker takes nothing, and comes soon afterwards", async () => {
    const { clock, link, reads, status, answer } = topicOf();
    link.congested = true;
    status.online(link);
    clock.pass(20_000);
    assert.equal(reads.length, 0);
    link.congested = false;
    clock.pass(250);
    await answer("one");
    assert.deepEqual(link.on("a/status"), ["one"]);
  });

  it("is read anew for another connection", async () => {
    const { link, reads, status, answer } = topicOf();
    status.online(link);
    status.offline();
    const next = new FakeLink();
    status.online(next);
    assert.equal(reads.length, 2);
    reads[0]?.resolve("old");
    await answer("new");
    assert.deepEqual([link.sent.length, next.on("a/status")], [0, ["new"]]);
  });

  it("says why it cannot be read, and when it can again", async () => {
    const { clock, link, problems, reads, status, answer } = topicOf();
    status.online(link);
    reads[0]?.reject(new Error("Nobody answers."));
    await settle();
    clock.pass(7000);
    await answer("one");
    assert.deepEqual(problems, ["Nobody answers.", undefined]);
  });
});
