import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LiveStream } from "../../contracts";
import { BoardMirror } from "../../dashboard/ui-stream-board/board-mirror";
import type { ChangesPush, RowsPush } from "../../dashboard/ui-stream-board/board-protocol";
import { BoardViewers } from "../../dashboard/ui-stream-board/board-viewers";
import { FakeClock } from "../support/fake-clock";
import { changes, liveStream, snapshot } from "./live-streams";

function newBoard(names: string[]) {
  const clock = new FakeClock();
  const mirror: BoardMirror = new BoardMirror(
    clock,
    () => {},
    (delta) => viewers.sendDelta(delta),
  );
  const pushes: { to: string; kind: string; data: RowsPush & ChangesPush }[] = [];
  const viewers = new BoardViewers(mirror, clock, ({ id }, kind, data) => {
    pushes.push({ to: id, kind, data: data as RowsPush & ChangesPush });
  });
  viewers.start();
  const stream = (name: string, parts: Partial<LiveStream> = {}) =>
    liveStream(name, { id: names.indexOf(name) + 1, ...parts });
  /** The stream as a later check finds it. */
  const checked = (name: string, at: number, latencyMs: number) =>
    stream(name, { last: { ...stream(name).last!, at, latencyMs } });
  mirror.receiveSnapshot(
    snapshot(
      1,
      names.map((name) => stream(name)),
    ),
  );
  const socket = (id: string) => ({ id, connected: true, emit: () => {} });
  return { clock, mirror, viewers, pushes, socket, stream, checked };
}

describe("the pages that show the board", () => {
  it("get all streams in parts of 500, one a turn", () => {
    const names = Array.from({ length: 1201 }, (_, index) => `stream ${index}`);
    const { clock, viewers, pushes, socket } = newBoard(names);
    viewers.open(socket("a"), []);
    assert.equal(pushes.length, 1);
    clock.pass(0);
    assert.deepEqual(
      pushes.map(({ data }) => [data.part, data.parts, data.rows.length]),
      [
        [0, 3, 500],
        [1, 3, 500],
        [2, 3, 201],
      ],
    );
  });

  it("get nothing before the streams are known, and then everything", () => {
    const clock = new FakeClock();
    const mirror = new BoardMirror(
      clock,
      () => {},
      () => {},
    );
    const kinds: string[] = [];
    const viewers = new BoardViewers(mirror, clock, (_socket, kind) => kinds.push(kind));
    viewers.open({ id: "a", connected: true, emit: () => {} }, []);
    assert.deepEqual(kinds, []);
    mirror.receiveSnapshot(snapshot(1, [liveStream("a")]));
    viewers.sendAllToAll();
    assert.deepEqual(kinds, ["rows"]);
  });

  it("get a change of state at once, and a mere check only of what they see", () => {
    const { clock, mirror, viewers, pushes, socket, stream, checked } = newBoard([
      ...["seen", "unseen", "broken"],
    ]);
    viewers.open(socket("a"), [1]);
    pushes.length = 0;
    const broken = stream("broken", { state: "down", reason: "timeout" });
    mirror.receiveChanges(changes(2, [checked("seen", 5000, 33), checked("unseen", 5001, 44), broken]));
    assert.deepEqual(
      pushes.map(({ data }) => data.rows.map(([key]) => key)),
      [[3, 1]],
    );
    pushes.length = 0;
    clock.pass(10_000);
    assert.deepEqual(
      pushes.map(({ data }) => data.checks),
      [[2, 5001, 44]],
    );
    clock.pass(10_000);
    assert.equal(pushes.length, 1);
  });

  it("get what they missed of a stream when it comes onto their screen", () => {
    const { mirror, viewers, pushes, socket, checked } = newBoard(["a", "b"]);
    const page = socket("a");
    viewers.open(page, [1]);
    mirror.receiveChanges(changes(2, [checked("b", 5001, 44)]));
    pushes.length = 0;
    viewers.see(page, [2]);
    assert.deepEqual(
      pushes.map(({ data }) => data.rows.map((row) => [row[0], row[12]?.[0], row[12]?.[1]])),
      [[[2, 5001, 44]]],
    );
  });

  it("are forgotten when they are gone or silent, and told so when they come back", () => {
    const { clock, mirror, viewers, pushes, socket, stream } = newBoard(["a"]);
    const [gone, silent, there] = [socket("gone"), socket("silent"), socket("there")];
    for (const page of [gone, silent, there]) viewers.open(page, []);
    gone.connected = false;
    for (let minute = 0; minute < 2; minute++) {
      clock.pass(40_000);
      assert.equal(viewers.alive(there), true);
    }
    assert.equal(viewers.count, 1);
    assert.equal(viewers.alive(silent), false);
    pushes.length = 0;
    mirror.receiveChanges(changes(2, [stream("a", { state: "down" })]));
    assert.deepEqual(
      pushes.map(({ to }) => to),
      ["there"],
    );
  });

  it("get no row of a stream that went while the parts were on their way", () => {
    const names = Array.from({ length: 600 }, (_, index) => `stream ${index}`);
    const { clock, mirror, viewers, pushes, socket } = newBoard(names);
    viewers.open(socket("a"), []);
    mirror.receiveChanges(changes(2, [], ["stream 599"]));
    clock.pass(0);
    assert.deepEqual(
      pushes.map(({ kind, data }) => [kind, data.rows.length, data.removed ?? null]),
      [
        ["rows", 500, null],
        ["changes", 0, [600]],
        ["rows", 99, null],
      ],
    );
  });
});
