import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BoardMirror, type Delta } from "../../dashboard/ui-stream-board/board-mirror";
import type { LiveStream } from "../../contracts";
import { FakeClock } from "../support/fake-clock";
import { changes, liveStream, snapshot } from "./live-streams";

function newMirror() {
  const clock = new FakeClock();
  const deltas: Delta[] = [];
  let asked = 0;
  const mirror = new BoardMirror(
    clock,
    () => asked++,
    (delta) => deltas.push(delta),
  );
  mirror.start();
  return { clock, mirror, deltas, asked: () => asked, last: () => deltas.at(-1) };
}

describe("the board's mirror of the store", () => {
  it("asks for a snapshot, and again every 5 s until there is one", () => {
    const { clock, mirror, asked } = newMirror();
    assert.equal(asked(), 1);
    clock.pass(10_000);
    assert.equal(asked(), 3);
    mirror.receiveSnapshot(snapshot(5, []));
    clock.pass(60_000);
    assert.equal(asked(), 3);
    assert.equal(mirror.ready, true);
  });

  it("tells even an empty first snapshot", () => {
    const { mirror, deltas } = newMirror();
    mirror.receiveSnapshot(snapshot(1, []));
    assert.deepEqual(deltas, [{ changed: [], checked: [], removed: [] }]);
  });

  it("puts the parts of a snapshot together and then the changes that came meanwhile", () => {
    const { mirror, deltas } = newMirror();
    mirror.receiveSnapshot(snapshot(7, [liveStream("a")], 0, 2));
    mirror.receiveChanges(changes(7, [liveStream("b", { state: "down" })]));
    mirror.receiveChanges(changes(8, [liveStream("a", { state: "down", reason: "timeout" })]));
    assert.equal(deltas.length, 0);
    mirror.receiveSnapshot(snapshot(7, [liveStream("b")], 1, 2));
    assert.deepEqual(deltas, [
      { changed: [-1, -2], checked: [], removed: [] },
      { changed: [-1], checked: [], removed: [] },
    ]);
    assert.equal(mirror.get(mirror.keyOf("b") ?? 0)?.state, "up");
  });

  it("drops a snapshot that misses a part, and asks again", () => {
    const { clock, mirror, asked } = newMirror();
    mirror.receiveSnapshot(snapshot(7, [], 0, 3));
    mirror.receiveSnapshot(snapshot(7, [], 2, 3));
    assert.equal(mirror.ready, false);
    clock.pass(5000);
    assert.equal(asked(), 2);
  });

  it("asks for a snapshot after a gap, and then tells only what is different", () => {
    const { mirror, deltas, asked, last } = newMirror();
    const a = (parts: Partial<LiveStream> = {}) => liveStream("a", { id: 1, ...parts });
    const b = () => liveStream("b", { id: 2 });
    mirror.receiveSnapshot(snapshot(1, [a(), b()]));
    mirror.receiveChanges(changes(4, [a({ state: "down" })]));
    assert.equal(asked(), 2);
    assert.equal(deltas.length, 1);
    mirror.receiveSnapshot(snapshot(4, [a({ state: "down" }), b()]));
    assert.deepEqual(last(), { changed: [1], checked: [2], removed: [] });
    mirror.receiveChanges(changes(5, [], ["b"]));
    assert.deepEqual(last(), { changed: [], checked: [], removed: [2] });
  });

  it("tells a newer check apart from a stream that looks different", () => {
    const { mirror, last } = newMirror();
    const a = liveStream("a", { id: 1 });
    mirror.receiveSnapshot(snapshot(1, [a]));
    const checked = { ...a, last: { ...a.last!, at: 9000, latencyMs: 40, message: "RTSP 200 again" } };
    mirror.receiveChanges(changes(2, [checked]));
    assert.deepEqual(last(), { changed: [], checked: [1], removed: [] });
    mirror.receiveChanges(changes(3, [{ ...checked, flapping: true, flaps: 4 }]));
    assert.deepEqual(last(), { changed: [1], checked: [], removed: [] });
  });

  it("keeps a stream's key over a rename, and gives a stranger of the same name another one", () => {
    const { mirror, last } = newMirror();
    mirror.receiveSnapshot(snapshot(1, [liveStream("old", { id: 17 })]));
    mirror.receiveChanges(changes(2, [liveStream("new", { id: 17 })], ["old"]));
    assert.deepEqual(last(), { changed: [17], checked: [], removed: [] });
    assert.deepEqual([mirror.keyOf("new"), mirror.keyOf("old")], [17, undefined]);
    mirror.receiveChanges(changes(3, [liveStream("old", { id: 18 })]));
    assert.equal(mirror.keyOf("old"), 18);
    mirror.receiveChanges(changes(4, [liveStream("old", { id: 19 })], ["old"]));
    assert.deepEqual(last(), { changed: [19], checked: [], removed: [18] });
  });

  it("gives two databases' streams the same keys, whatever the order", () => {
    const streams = [liveStream("a", { id: 4 }), liveStream("b", { id: 9 })];
    for (const payload of [streams, streams.toReversed()]) {
      const { mirror } = newMirror();
      mirror.receiveSnapshot(snapshot(1, payload));
      assert.deepEqual([mirror.keyOf("a"), mirror.keyOf("b")], [4, 9]);
    }
  });

  it("keeps the keys while a database that was started anew has no ids yet, and takes those that it gives", () => {
    const { mirror, last } = newMirror();
    mirror.receiveSnapshot(snapshot(1, [liveStream("a", { id: 4 })]));
    mirror.receiveChanges(changes(2, [liveStream("a"), liveStream("b")]));
    assert.deepEqual(last(), { changed: [-1], checked: [4], removed: [] });
    mirror.receiveChanges(changes(3, [liveStream("a", { id: 4 }), liveStream("b", { id: 5 })]));
    assert.deepEqual(last(), { changed: [5], checked: [4], removed: [-1] });
    assert.equal(mirror.size, 2);
  });

  it("swaps two names", () => {
    const { mirror, last } = newMirror();
    mirror.receiveSnapshot(snapshot(1, [liveStream("a", { id: 1 }), liveStream("b", { id: 2 })]));
    mirror.receiveChanges(changes(2, [liveStream("b", { id: 1 }), liveStream("a", { id: 2 })]));
    assert.deepEqual([mirror.keyOf("a"), mirror.keyOf("b")], [2, 1]);
    assert.deepEqual(last(), { changed: [1, 2], checked: [], removed: [] });
    assert.equal(mirror.size, 2);
  });
});
