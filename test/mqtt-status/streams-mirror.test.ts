import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LiveStream } from "../../contracts";
import { StreamsMirror } from "../../nodes/mqtt-status/streams-mirror";
import { FakeClock } from "../support/fake-clock";
import { liveStream } from "./support";

function mirrorOf() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const told: { changed: string[]; removed: string[] }[] = [];
  const mirror = new StreamsMirror("me", clock, {
    askSnapshot: (asker) => asked.push(asker),
    onChange: (changed, removed) =>
      told.push({
        changed: changed.map(({ id, name }) => `${id} ${name}`),
        removed: removed.map(({ id, name }) => `${id} ${name}`),
      }),
  });
  const snapshot = (seq: number, streams: LiveStream[], part = 0, parts = 1, asker = "me") =>
    mirror.receiveSnapshot({ topic: "snapshot", asker, seq, payload: streams, part, parts });
  const changes = (seq: number, payload: LiveStream[], removed: string[] = []) =>
    mirror.receiveChanges({ topic: "changes", seq, payload, removed });
  const names = () => [...mirror.all()].map(({ name }) => name);
  return { clock, asked, told, mirror, snapshot, changes, names };
}

const [a, b, c] = [liveStream(1, "a"), liveStream(2, "b"), liveStream(3, "c")];

describe("the mirror of all streams", () => {
  it("takes a snapshot in parts, with what changed meanwhile, and not another's", () => {
    const { asked, told, mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    assert.deepEqual(asked, ["me"]);
    snapshot(9, [c], 0, 1, "the board");
    assert.equal(mirror.ready, false);
    changes(4, [c]);
    snapshot(5, [a], 0, 2);
    changes(6, [c]);
    assert.equal(mirror.ready, false);
    snapshot(5, [b], 1, 2);
    assert.equal(mirror.ready, true);
    assert.deepEqual(told, [
      { changed: ["1 a", "2 b"], removed: [] },
      { changed: ["3 c"], removed: [] },
    ]);
    assert.deepEqual(names(), ["a", "b", "c"]);
    assert.equal(mirror.byName("c")?.id, 3);
    assert.equal(mirror.byId(2)?.name, "b");
  });

  it("asks again after a gap, and when the store began anew", () => {
    const { asked, mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    snapshot(5, [a]);
    changes(5, [b]);
    assert.deepEqual(names(), ["a"], "it was contained");
    changes(7, [b]);
    assert.equal(asked.length, 2);
    assert.deepEqual(names(), ["a"]);
    snapshot(7, [a, b]);
    changes(1, [c]);
    assert.equal(asked.length, 3);
    snapshot(1, [c]);
    assert.deepEqual(names(), ["c"]);
  });

  it("asks until an answer is whole", () => {
    const { clock, asked, mirror, snapshot } = mirrorOf();
    mirror.start();
    clock.pass(10_000);
    assert.equal(asked.length, 2);
    snapshot(5, [a], 0, 2);
    clock.pass(10_000);
    assert.equal(asked.length, 3);
    snapshot(5, [b], 1, 2);
    assert.equal(mirror.ready, false, "the first part was forgotten");
    snapshot(6, [a, b]);
    clock.pass(60_000);
    assert.equal(asked.length, 3);
    mirror.stop();
    assert.equal(clock.pending, 0);
  });

  it("tells renamed, replaced and removed streams apart", () => {
    const { told, mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    snapshot(1, [a, b, c]);
    told.length = 0;
    changes(2, [liveStream(1, "z")], ["a"]);
    changes(3, [liveStream(2, "c"), liveStream(3, "b")]);
    changes(4, [liveStream(7, "z")], []);
    changes(5, [], ["b", "nobody"]);
    assert.deepEqual(told, [
      { changed: ["1 z"], removed: [] },
      { changed: ["2 c", "3 b"], removed: [] },
      { changed: ["7 z"], removed: ["1 z"] },
      { changed: [], removed: ["3 b"] },
    ]);
    assert.deepEqual(names(), ["c", "z"]);
    snapshot(9, [a]);
    assert.deepEqual(told.at(-1), { changed: ["1 a"], removed: ["2 c", "7 z"] });
  });

  it("takes none for removed while there are streams without an id, which may be the same ones", () => {
    const { told, mirror, snapshot, changes, names } = mirrorOf();
    const unnumbered = (stream: LiveStream): LiveStream => ({ ...stream, id: null });
    mirror.start();
    snapshot(1, [a, b, c]);
    assert.equal(mirror.complete, true);
    told.length = 0;
    // another store after a deploy, where b has another name and c is gone
    snapshot(900, [unnumbered({ ...a, state: "pending" }), unnumbered(liveStream(2, "z"))]);
    assert.deepEqual([mirror.complete, mirror.byName("a")?.state], [false, "pending"]);
    assert.deepEqual(names(), ["a", "b", "c"]);
    changes(901, [a]);
    assert.equal(mirror.complete, false);
    changes(902, [liveStream(2, "z")]);
    assert.equal(mirror.complete, true);
    assert.deepEqual(told, [
      { changed: ["1 a"], removed: [] },
      { changed: ["1 a"], removed: [] },
      { changed: ["2 z"], removed: ["3 c"] },
    ]);
    assert.deepEqual(names(), ["a", "z"]);
  });

  it("knows of the same when the last one without an id is gone itself, or a name is another's", () => {
    const { told, mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    snapshot(1, [a, b]);
    told.length = 0;
    snapshot(900, [liveStream(2, "x"), { ...b, id: null }, { ...c, id: null }]);
    assert.deepEqual(told.splice(0), [{ changed: ["2 x"], removed: [] }]);
    changes(901, [], ["b"]);
    changes(902, [], ["c"]);
    assert.deepEqual(told, [
      { changed: [], removed: [] },
      { changed: [], removed: ["1 a"] },
    ]);
    assert.deepEqual(names(), ["x"]);
  });

  it("does not believe at once that there are no streams any more", () => {
    const { clock, asked, told, mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    snapshot(1, [a, b]);
    told.length = 0;
    snapshot(900, []);
    assert.deepEqual([mirror.complete, names()], [false, ["a", "b"]]);
    assert.equal(asked.length, 1);
    // the store has learned which streams there are, and tells of some
    changes(901, [a]);
    changes(902, [a]);
    assert.deepEqual([mirror.complete, asked.length], [false, 2]);
    snapshot(902, [a]);
    assert.deepEqual([mirror.complete, names()], [true, ["a"]]);
    assert.deepEqual(told.at(-1), { changed: ["1 a"], removed: ["2 b"] });
    snapshot(910, []);
    clock.pass(59_000);
    assert.deepEqual([mirror.complete, asked.length], [false, 2]);
    clock.pass(1000);
    assert.equal(asked.length, 3);
    snapshot(911, []);
    assert.deepEqual([mirror.complete, names()], [true, []]);
    assert.deepEqual(told.at(-1), { changed: [], removed: ["1 a"] });
    assert.equal(clock.pending, 0);
  });

  it("leaves out streams without a lasting id, and says what is wrong with a message", () => {
    const { mirror, snapshot, changes, names } = mirrorOf();
    mirror.start();
    snapshot(1, [a, { ...b, id: null }]);
    assert.deepEqual(names(), ["a"]);
    changes(2, [b]);
    assert.deepEqual(names(), ["a", "b"]);
    assert.match(changes(3, [{ ...c, state: "gone" as never }]) ?? "", /^payload\.0\.state: /);
    assert.match(mirror.receiveSnapshot({ topic: "snapshot", asker: "me", payload: [] }) ?? "", /^seq: /);
    mirror.stop();
    assert.equal(changes(3, [c]), undefined);
    assert.deepEqual(names(), ["a", "b"]);
  });
});
