import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LiveChangesMessage, SnapshotMessage, Stream } from "../../contracts";
import { LiveFeed } from "../../nodes/status-store/live-feed";
import { LiveStatus } from "../../nodes/status-store/live-status";
import { FakeClock } from "../support/fake-clock";
import { check, NOW, settings, stateOf, stream } from "./support";

function feeding(names: string[] = []) {
  const clock = new FakeClock(NOW);
  const live: LiveStatus = new LiveStatus(() => feed.wake());
  const feed = new LiveFeed(live, clock);
  const heard: LiveChangesMessage[] = [];
  const set = (streams: Stream[], renames: { from: string; to: string }[] = [], more: object = {}) =>
    live.setStreams(streams, settings(more), renames);
  set(names.map((name) => stream(name)));
  const unsubscribe = feed.subscribe((message) => heard.push(message));
  clock.pass(250);
  const parts: SnapshotMessage[] = [];
  let done = 0;
  const ask = (request: object = {}, signal = new AbortController().signal) =>
    feed.snapshot(
      { topic: "snapshot", ...request },
      (part) => parts.push(part),
      () => done++,
      signal,
    );
  return { clock, live, feed, heard, set, unsubscribe, parts, ask, isDone: () => done };
}

const namesIn = ({ payload }: { payload: readonly { name: string }[] }) => payload.map(({ name }) => name);

describe("LiveFeed, changes", () => {
  it("come numbered, each stream once and in its newest state, four times a second at most", () => {
    const { clock, live, heard } = feeding(["a", "b", "c"]);
    assert.deepEqual(heard.map(namesIn), [["a", "b", "c"]]);
    const first = heard[0]!.seq;
    clock.pass(1000);
    assert.equal(heard.length, 1, "nothing changed");

    live.recordCheck(check("b"));
    clock.pass(1);
    assert.deepEqual(namesIn(heard[1]!), ["b"], "at once after a rest");
    for (const latencyMs of [1, 2, 3]) live.recordCheck(check("a", { latencyMs }));
    live.recordState(stateOf("c", { flapping: true, flaps: 7 }));
    clock.pass(248);
    assert.equal(heard.length, 2);
    clock.pass(1);
    assert.deepEqual(
      heard.map(({ seq }) => seq),
      [first, first + 1, first + 2],
    );
    const [a, c] = heard[2]!.payload;
    assert.deepEqual(a, {
      ...{ id: null, name: "a", position: 0, group: null, tags: [], enabled: true, url: "rtsp://192.0.2.1" },
      ...{ state: "pending", reason: null, since: null, media: null },
      last: {
        ...{ at: NOW, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 3 },
        ...{ timings: { connectMs: 1, answerMs: 11.4 }, level: "handshake" },
      },
    });
    assert.deepEqual([c!.name, c!.state, c!.flapping, c!.flaps], ["c", "up", true, 7]);
    assert.equal(clock.pending, 0);
  });

  it("tell of streams that config.yaml added, changed, renamed and took out, and of no others", () => {
    const { clock, live, heard, set } = feeding(["a", "b", "c"]);
    live.setIds([
      ["a", 7],
      ["b", 8],
      ["c", 9],
    ]);
    clock.pass(250);
    assert.deepEqual(
      heard[1]!.payload.map(({ id }) => id),
      [7, 8, 9],
    );
    live.setIds([["a", 7]]);
    set(["a", "b", "c"].map((name) => stream(name)));
    clock.pass(250);
    assert.equal(heard.length, 2, "the same again is no change");
    set(
      ["a", "b", "c"].map((name) => stream(name)),
      [],
      { timezone: "Asia/Tokyo" },
    );
    clock.pass(250);
    assert.equal(heard.length, 2, "a time zone is none of a stream");

    set([stream("a"), stream("z"), stream("c", undefined, { tags: ["x"] })], [{ from: "b", to: "z" }]);
    clock.pass(250);
    assert.deepEqual(heard[2]!.removed, ["b"]);
    assert.deepEqual(
      heard[2]!.payload.map(({ id, name, position, tags }) => [id, name, position, tags]),
      [
        [8, "z", 1, []],
        [9, "c", 2, ["x"]],
      ],
    );
    set([stream("c", undefined, { tags: ["x"] })]);
    set([stream("c", undefined, { tags: ["x"] }), stream("a")]);
    clock.pass(250);
    assert.deepEqual(heard[3]!.removed, ["z"]);
    assert.deepEqual(
      heard[3]!.payload.map(({ id, name, position }) => [id, name, position]),
      [
        [9, "c", 0],
        [null, "a", 1],
      ],
      "what went and came back in between is here, with no id of before",
    );
  });

  it("wait for somebody who hears them, so that no number is missed unheard", () => {
    const { clock, live, feed, heard, unsubscribe } = feeding(["a"]);
    unsubscribe();
    live.recordCheck(check("a"));
    clock.pass(1000);
    assert.equal(clock.pending, 0);
    const leave = feed.subscribe(() => assert.fail("it left before"));
    leave();
    clock.pass(1000);
    const again: LiveChangesMessage[] = [];
    feed.subscribe((message) => again.push(message));
    clock.pass(1);
    assert.equal(again[0]!.seq, heard[0]!.seq + 1);
    assert.deepEqual(namesIn(again[0]!), ["a"]);
  });

  it("come in messages of at most 2,000 streams, those first that have waited longest", () => {
    const names = Array.from({ length: 4500 }, (_, index) => `${index}`);
    const { clock, live, heard } = feeding(names);
    live.recordCheck(check("0"));
    clock.pass(500);
    assert.deepEqual(
      heard.map(({ payload }) => payload.length),
      [2000, 2000, 501],
    );
    assert.equal(heard[2]!.payload.at(-1)!.name, "0");
  });

  it("begin with other numbers in another run", () => {
    const clock = new FakeClock(NOW + 5);
    const seqs = [feeding(["a"]).heard[0]!.seq];
    const live: LiveStatus = new LiveStatus(() => feed.wake());
    const feed = new LiveFeed(live, clock);
    feed.subscribe(({ seq }) => seqs.push(seq));
    live.setStreams([stream("a")], settings(), []);
    clock.pass(1);
    assert.ok(seqs[1]! > seqs[0]! + 1);
  });
});

describe("LiveFeed, snapshots", () => {
  it("come in parts of at most 500, one a turn, and keep the request's properties", () => {
    const names = Array.from({ length: 1001 }, (_, index) => `${index}`);
    const { clock, heard, parts, ask, isDone } = feeding(names);
    clock.pass(1000);
    const partsAtTurns: number[] = [];
    const setTimeout = clock.setTimeout.bind(clock);
    clock.setTimeout = (callback, delayMs) => {
      partsAtTurns.push(parts.length);
      return setTimeout(callback, delayMs);
    };
    const socket = { socketId: "x" };
    ask({ _client: socket, other: 1, payload: "anything" });
    assert.equal(parts.length, 0);
    clock.pass(0);
    assert.deepEqual(partsAtTurns, [0, 1, 2]);
    for (const [index, part] of parts.entries()) {
      const { payload, ...rest } = part;
      assert.equal(payload.length, index === 2 ? 1 : 500);
      const { seq } = heard.at(-1)!;
      const kept = { _client: socket, other: 1 };
      assert.deepEqual(rest, { topic: "snapshot", seq, part: index, parts: 3, ...kept });
    }
    assert.deepEqual(parts.flatMap(namesIn), names);
    assert.equal(isDone(), 1);
  });

  it("hold changes back, which follow with the next number", () => {
    const names = Array.from({ length: 600 }, (_, index) => `${index}`);
    const { clock, live, heard, parts, ask } = feeding(names);
    clock.pass(1000);
    const { seq } = heard.at(-1)!;
    ask();
    ask({ second: true });
    live.recordCheck(check("0", { latencyMs: 99 }));
    clock.pass(1000);
    assert.deepEqual(
      parts.map((part) => [part.seq, part.part, part.payload.length]),
      [0, 1, 0, 1].map((part) => [seq, part, part === 0 ? 500 : 100]),
    );
    assert.equal(parts[0]!.payload[0]!.last?.latencyMs, 99);
    assert.deepEqual([heard.at(-1)!.seq, ...namesIn(heard.at(-1)!)], [seq + 1, "0"]);
  });

  it("are one empty part when there are no streams", () => {
    const { clock, parts, ask } = feeding();
    ask();
    clock.pass(1);
    assert.deepEqual(
      parts.map(({ payload, part, parts: all }) => [payload, part, all]),
      [[[], 0, 1]],
    );
  });

  it("end when the asker goes, and are refused when too many wait", () => {
    const { clock, feed, parts, ask, isDone } = feeding(Array.from({ length: 501 }, (_, i) => `${i}`));
    const closing = new AbortController();
    ask({}, closing.signal);
    closing.abort();
    clock.pass(1);
    assert.deepEqual([parts.length, isDone()], [0, 1]);
    for (let asked = 0; asked < 100; asked++) ask();
    let refused: Error | undefined;
    feed.snapshot(
      {},
      () => {},
      (error) => (refused = error),
      new AbortController().signal,
    );
    assert.match(String(refused), /100 snapshots are on their way already/);
    feed.stop();
    assert.deepEqual([clock.pending, isDone()], [0, 101]);
  });
});
