import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { UptimePush } from "../../dashboard/ui-stream-board/board-protocol";
import { BoardUptime } from "../../dashboard/ui-stream-board/board-uptime";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";

const windows = (day: number | null, week: number | null = 1, month: number | null = 1) => ({
  "24h": { uptime: day },
  "7d": { uptime: week },
  "30d": { uptime: month },
});

function newUptime(streams = 2) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const pushes: UptimePush[] = [];
  const answers: (() => string)[] = [];
  let asked = 0;
  const state = { isWanted: true };
  const uptime = new BoardUptime({
    ...{ clock, logger },
    ask: () => {
      asked++;
      return Promise.resolve().then(() => answers.shift()?.() ?? "{}");
    },
    keyOf: (name) => ({ a: 1, b: 2 })[name],
    streams: () => streams,
    isWanted: () => state.isWanted,
    onUptime: (push) => pushes.push(push),
  });
  return { clock, logger, pushes, answers, state, uptime, asked: () => asked };
}

describe("uptime on the board", () => {
  it("is asked for once a minute while somebody looks, and sent as what changed", async () => {
    const { clock, pushes, answers, state, uptime, asked } = newUptime();
    const answer = (a: number, b: number | null) => () =>
      JSON.stringify({
        all: windows(0.75),
        groups: [{ group: "Yard", ...windows(0.5) }],
        streams: [
          { name: "a", ...windows(a) },
          { name: "b", ...windows(b, null) },
          { name: "unknown", ...windows(1) },
        ],
      });
    answers.push(answer(0.999999, null), answer(0.5, null));
    uptime.wake();
    await clock.advance(0);
    assert.deepEqual(pushes, [
      {
        all: [0.75, 1, 1],
        groups: [["Yard", 0.5]],
        streams: [1, 999999, 1e6, 1e6, 2, -1, -1, 1e6],
      },
    ]);
    uptime.wake();
    await clock.advance(59_000);
    assert.equal(asked(), 1);
    await clock.advance(1000);
    assert.deepEqual(pushes[1]?.streams, [1, 500000, 1e6, 1e6]);
    assert.deepEqual(uptime.known()?.streams, [1, 500000, 1e6, 1e6, 2, -1, -1, 1e6]);
    state.isWanted = false;
    await clock.advance(600_000);
    assert.equal(asked(), 3);
  });

  it("of many streams is asked for every five minutes", async () => {
    const { clock, uptime, asked } = newUptime(10_000);
    uptime.wake();
    await clock.advance(299_000);
    assert.equal(asked(), 1);
    await clock.advance(2000);
    assert.equal(asked(), 2);
  });

  for (const streams of [2, 10_000]) {
    it(`of ${streams} that cannot be had is a warning, and asked for again`, async () => {
      const { clock, logger, answers, uptime, asked, pushes } = newUptime(streams);
      answers.push(() => {
        throw new Error("The history is being opened.");
      });
      uptime.wake();
      await clock.advance(0);
      assert.deepEqual(logger.texts("warn"), ["uptime cannot be shown: The history is being opened."]);
      await clock.advance(9000);
      assert.equal(asked(), 1);
      await clock.advance(1000);
      assert.equal(asked(), 2);
      assert.equal(pushes.length, 1);
      uptime.stop();
      assert.equal(clock.pending, 0);
    });
  }
});
