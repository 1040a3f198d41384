import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { BarsAnswer } from "../../dashboard/ui-stream-board/board-protocol";
import { toRow } from "../../dashboard/ui-stream-board/board-rows";
import { toBoardRow, type BoardRow } from "../../dashboard/ui-stream-board/vue/data/board-row";
import { SeenStreams } from "../../dashboard/ui-stream-board/vue/data/seen-streams";
import type { LiveStream } from "../../contracts";
import { liveStream } from "./live-streams";

const SETTLE_MS = 120;

function newSeen(test: TestContext) {
  test.mock.timers.enable({ apis: ["setTimeout"] });
  const rows = new Map<number, BoardRow>();
  const put = (key: number, parts: Partial<LiveStream> = {}) =>
    rows.set(key, toBoardRow(toRow(key, liveStream(`s${key}`, parts)), null));
  for (const key of [1, 2, 3]) put(key);
  const asked: { ask: string; data: unknown; resolve: (answer?: unknown) => void; reject: () => void }[] = [];
  const state = { now: 0, bars: 0 };
  const seen = new SeenStreams({
    request: (ask, data) =>
      new Promise((resolve, reject) =>
        asked.push({
          ...{ ask, data },
          resolve: resolve as (answer: unknown) => void,
          reject: () => reject(new Error()),
        }),
      ),
    rowOf: (key) => rows.get(key),
    onBars: () => state.bars++,
    now: () => state.now,
  });
  const settle = () => test.mock.timers.tick(SETTLE_MS);
  const bars = () => asked.filter(({ ask }) => ask === "bars");
  /** Answers the last question for bars, one bucket each. */
  const answer = async () => {
    const { data, resolve } = bars().at(-1)!;
    const { keys } = data as { keys: number[] };
    resolve({ bucketMs: 10, streams: keys.map((key) => [key, 0, [1], []]) } satisfies BarsAnswer);
    await new Promise(setImmediate);
  };
  const wanted = () => bars().map(({ data }) => (data as { keys: number[] }).keys);
  return { seen, put, asked, state, settle, answer, wanted, bars };
}

describe("the streams on the screen", () => {
  it("are told to the server once scrolling has come to rest, and their bars asked for", async (t) => {
    const { seen, asked, settle, answer, state } = newSeen(t);
    seen.see("list", [1]);
    seen.see("list", [1, 2]);
    settle();
    assert.deepEqual(
      asked.map(({ ask, data }) => [ask, data]),
      [
        ["see", { visible: [1, 2] }],
        ["bars", { keys: [1, 2] }],
      ],
    );
    await answer();
    assert.equal(seen.barsOf(2)?.bars.length, 1);
    assert.equal(state.bars, 1);
    seen.see("list", [1, 2]);
    settle();
    assert.equal(asked.length, 2);
  });

  it("are those of the list and the opened one together", (t) => {
    const { seen, asked, settle } = newSeen(t);
    seen.see("list", [1, 2]);
    seen.see("opened", [3]);
    settle();
    // the list, which is hidden now, is arranged anew
    seen.see("list", [2]);
    settle();
    seen.see("opened", []);
    settle();
    assert.deepEqual(
      asked.filter(({ ask }) => ask === "see").map(({ data }) => data),
      [{ visible: [3, 1, 2] }, { visible: [3, 2] }, { visible: [2] }],
    );
  });

  it("get their bars, too, when they come while others' are on their way", async (t) => {
    const { seen, settle, answer, wanted } = newSeen(t);
    seen.see("list", [1]);
    settle();
    seen.see("list", [1, 2]);
    settle();
    assert.deepEqual(wanted(), [[1]]);
    await answer();
    assert.deepEqual(wanted(), [[1], [2]]);
    await answer();
    assert.equal(wanted().length, 2);
  });

  it("get new bars after a change of state, and each minute", async (t) => {
    const { seen, put, settle, answer, wanted, state } = newSeen(t);
    seen.see("list", [1, 2]);
    settle();
    await answer();
    put(2, { state: "down", reason: "timeout", since: 5 });
    seen.refresh();
    await answer();
    seen.refresh();
    state.now = 60_001;
    seen.refresh();
    assert.deepEqual(wanted(), [[1, 2], [2], [1, 2]]);
  });

  it("are asked for again soon when that failed, and by nobody who has left", async (t) => {
    const { seen, settle, wanted, bars } = newSeen(t);
    seen.see("list", [1]);
    settle();
    bars()[0]!.reject();
    await new Promise(setImmediate);
    t.mock.timers.tick(3000);
    assert.deepEqual(wanted(), [[1], [1]]);
    bars()[1]!.reject();
    await new Promise(setImmediate);
    seen.stop();
    t.mock.timers.tick(60_000);
    assert.equal(wanted().length, 2);
  });
});
