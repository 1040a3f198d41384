import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Transition } from "../../contracts";
import { EventOutbox } from "../../nodes/mqtt-status/event-outbox";
import { SilenceError } from "../../nodes/mqtt-status/questions";
import { FakeClock, settle } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { FakeLink, transition } from "./support";

/** An outbox, and a store that may be there or not. */
function outboxOf(stored: Transition[] = [], { storeAnswers = true, delivered = 0 } = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const link = new FakeLink();
  const store = {
    transitions: stored,
    answers: storeAnswers,
    delivered,
    /** The newest that came to it, when that is not written yet. */
    received: 0,
    asked: [] as unknown[],
    refusal: undefined as Error | undefined,
  };
  const outbox = new EventOutbox({
    ...{ clock, logger, topic: "base/events", consumer: "me" },
    payloadOf: ({ seq }) => String(seq),
    ask: (parameters) => {
      store.asked.push(parameters);
      if (!store.answers) return Promise.reject(store.refusal ?? new SilenceError("no answer"));
      const after = (parameters.after as number | undefined) ?? store.delivered;
      const found = store.transitions.filter(({ seq }) => seq > after).slice(0, parameters.limit as number);
      const lastSeq = Math.max(store.received, store.transitions.at(-1)?.seq ?? 0);
      return Promise.resolve(JSON.stringify({ transitions: found, delivered: store.delivered, lastSeq }));
    },
    delivered: (seq) => (store.delivered = seq),
    onPublished: () => {},
  });
  const sent = () => link.on("base/events").map(Number);
  return { clock, logger, link, store, outbox, sent };
}

/** Long enough for everything that was promised. */
async function rest(): Promise<void> {
  for (let i = 0; i < 300; i++) await new Promise(setImmediate);
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const stored = (from: number, to: number) => numbers(from, to).map((seq) => transition(seq));

describe("the outbox of events", () => {
  it("says first what was not delivered before, then what happens, and tells the store", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 5), { delivered: 2 });
    outbox.receive(transition(5));
    assert.deepEqual(sent(), []);
    outbox.online(link);
    await settle();
    assert.deepEqual(sent(), [3, 4, 5]);
    assert.deepEqual(store.asked, [{ consumer: "me", limit: 500 }]);
    assert.deepEqual(link.sent[0], { topic: "base/events", payload: "3", qos: 1, retain: false });
    outbox.receive(transition(6));
    outbox.receive(transition(6));
    await settle();
    assert.deepEqual(sent(), [3, 4, 5, 6]);
    clock.pass(500);
    assert.equal(store.delivered, 6);
    assert.equal(outbox.queued, 0);
  });

  it("loses nothing where the broker is away from the first moment", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 3), { delivered: 3 });
    outbox.start();
    await settle();
    assert.deepEqual(store.asked, [{ consumer: "me", limit: 500 }]);
    for (const change of stored(4, 5)) {
      store.transitions.push(change);
      outbox.receive(change);
    }
    // what the store would say to one who asks for the first time
    store.delivered = 5;
    await clock.advance(60_000);
    outbox.online(link);
    await settle();
    assert.deepEqual(sent(), [4, 5]);
    outbox.stop();
    assert.equal(clock.pending, 0);
  });

  it("goes on with what was not confirmed after a loss of the connection, in order", async () => {
    const { clock, link, store, outbox } = outboxOf();
    outbox.online(link);
    await settle();
    link.confirms = false;
    for (const seq of numbers(1, 4)) outbox.receive(transition(seq));
    link.waiting[1]?.resolve();
    await settle();
    assert.equal(outbox.queued, 4, "the first one is not confirmed");
    outbox.offline();
    for (const { reject } of link.waiting) reject(new Error("Connection closed"));
    await settle();
    outbox.receive(transition(5));
    const next = new FakeLink();
    outbox.online(next);
    await settle();
    assert.deepEqual(next.on("base/events"), ["1", "3", "4", "5"]);
    clock.pass(500);
    assert.equal(store.delivered, 5);
  });

  it("has no more under way than the broker takes", async () => {
    const { link, outbox, sent } = outboxOf(stored(1, 300));
    link.confirms = false;
    link.receiveMaximum = 10;
    outbox.online(link);
    await settle();
    assert.equal(sent().length, 6);
    link.waiting[0]?.resolve();
    await settle();
    assert.deepEqual(sent(), numbers(1, 7));
  });

  it("asks the store for what it missed, and waits until it is written", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 1));
    outbox.online(link);
    await settle();
    outbox.receive(transition(4));
    await settle();
    assert.deepEqual(sent(), [1]);
    outbox.receive(transition(5));
    store.transitions = stored(1, 4);
    await clock.advance(250);
    assert.deepEqual(sent(), numbers(1, 5));
    assert.equal(outbox.dropped, 0);
  });

  it("goes on without what the store has not kept", async () => {
    const { clock, link, outbox, sent } = outboxOf(stored(1, 1));
    outbox.online(link);
    await settle();
    outbox.receive(transition(4));
    outbox.receive(transition(5));
    await clock.advance(6000);
    assert.deepEqual(sent(), [1, 4, 5]);
    outbox.receive(transition(6));
    await settle();
    assert.deepEqual(sent(), [1, 4, 5, 6]);
  });

  it("waits for what came to the one before it and is not written yet", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 3), { delivered: 3 });
    store.received = 5;
    outbox.start();
    outbox.online(link);
    await clock.advance(1000);
    assert.deepEqual(sent(), []);
    store.transitions = stored(1, 5);
    await clock.advance(250);
    assert.deepEqual(sent(), [4, 5]);
    const asked = store.asked.length;
    await clock.advance(60_000);
    assert.equal(store.asked.length, asked, "nothing is missing any more");
  });

  it("asks seldom for what is not written for long, and holds nothing back for it", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 3), { delivered: 3 });
    store.received = 4;
    outbox.online(link);
    await clock.advance(6000);
    const asked = store.asked.length;
    await clock.advance(60_000);
    assert.equal(store.asked.length - asked, 12);
    store.received = 5;
    outbox.receive(transition(5));
    await clock.advance(5000);
    assert.deepEqual(sent(), [5]);
    store.transitions = stored(1, 5);
    store.received = 6;
    outbox.receive(transition(6));
    await settle();
    assert.deepEqual(sent(), [5, 6]);
  });

  it("keeps little in memory while the broker is away, and takes the rest from the store", async () => {
    const { clock, link, store, outbox, sent } = outboxOf();
    outbox.online(link);
    await settle();
    outbox.offline();
    store.transitions = stored(1, 7000);
    for (const change of store.transitions) outbox.receive(change);
    assert.equal(outbox.queued, 2000);
    outbox.online(link);
    await rest();
    await clock.advance(500);
    assert.deepEqual(sent(), numbers(1, 7000));
    assert.equal(store.delivered, 7000);
    assert.equal(outbox.dropped, 0);
  });

  it("leaves out what is older than a week", async () => {
    const { clock, link, logger, store, outbox, sent } = outboxOf(stored(1, 1200));
    const week = 7 * 24 * 3600 * 1000;
    store.transitions.forEach((change) => (change.at = clock.now() - (change.seq <= 700 ? week + 1 : week)));
    outbox.online(link);
    await rest();
    assert.deepEqual(sent(), numbers(701, 1200));
    assert.equal(outbox.dropped, 700);
    assert.deepEqual(logger.texts("warn"), [
      "700 changes of state are older than a week and no event any more",
    ]);
  });

  it("waits for a store that is busy, so that nothing is told out of its order", async () => {
    const { clock, link, store, outbox, sent } = outboxOf(stored(1, 3), { storeAnswers: false });
    store.refusal = new Error("503");
    outbox.online(link);
    await settle();
    outbox.receive(transition(3));
    await clock.advance(120_000);
    assert.deepEqual(sent(), []);
    store.answers = true;
    await clock.advance(5000);
    assert.deepEqual(sent(), [1, 2, 3]);
  });

  it("works without a store, and drops the oldest when too many wait", async () => {
    const { clock, link, store, outbox, sent } = outboxOf([], { storeAnswers: false });
    outbox.online(link);
    await settle();
    outbox.receive(transition(7));
    await clock.advance(30_000);
    outbox.receive(transition(3));
    await settle();
    assert.deepEqual(sent(), [7, 3], "a probe that began anew");
    outbox.offline();
    for (const seq of numbers(1, 2100)) outbox.receive(transition(seq));
    assert.equal(outbox.queued, 2000);
    assert.equal(outbox.dropped, 100);
    outbox.online(link);
    await rest();
    assert.deepEqual(sent().slice(2), numbers(101, 2100));
    // a store that is wired later
    store.answers = true;
    store.transitions = stored(2100, 2102);
    await clock.advance(10_000);
    assert.deepEqual(sent().slice(-2), [2101, 2102]);
  });

  it("begins anew when the numbers do", async () => {
    const { link, outbox, sent } = outboxOf(stored(1, 50), { delivered: 50 });
    outbox.online(link);
    await settle();
    const later = { at: transition(60).at };
    outbox.receive(transition(1, "Gate", later));
    outbox.receive(transition(2, "Gate", { at: later.at + 1 }));
    await settle();
    assert.deepEqual(sent(), [1, 2]);
  });

  it("is not held up by an event that the broker refuses", async () => {
    const { link, logger, outbox, sent } = outboxOf();
    outbox.online(link);
    await settle();
    link.confirms = false;
    outbox.receive(transition(1));
    link.confirms = true;
    outbox.receive(transition(2));
    await settle();
    assert.equal(outbox.queued, 2);
    link.waiting[0]?.reject(Object.assign(new Error("Publish error: Not authorized"), { code: 135 }));
    await settle();
    assert.equal(outbox.queued, 0);
    assert.equal(outbox.dropped, 1);
    assert.deepEqual(sent(), [1, 2]);
    assert.deepEqual(logger.texts("warn"), ["the broker refuses an event: Publish error: Not authorized"]);
  });

  it("leaves no timer, and tells the store at the end", async () => {
    const { clock, link, store, outbox } = outboxOf();
    outbox.online(link);
    await settle();
    outbox.receive(transition(1));
    outbox.receive(transition(9));
    await settle();
    outbox.stop();
    await settle();
    assert.equal(store.delivered, 1);
    assert.equal(clock.pending, 0);
  });
});
