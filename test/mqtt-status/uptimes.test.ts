import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Uptimes } from "../../nodes/mqtt-status/uptimes";
import { FakeClock, settle } from "../support/fake-clock";

function uptimesOf(answers: (Record<string, number | null> | Error)[]) {
  const clock = new FakeClock();
  const askedAt: number[] = [];
  const known: string[][] = [];
  const uptimes = new Uptimes(
    clock,
    () => {
      askedAt.push(clock.elapsed() / 1000);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) return Promise.reject(answer);
      const streams = Object.entries(answer ?? {}).map(([name, uptime]) => ({ name, "24h": { uptime } }));
      return Promise.resolve(JSON.stringify({ streams }));
    },
    (names) => known.push(names),
  );
  return { clock, uptimes, askedAt, known };
}

describe("uptimes", () => {
  it("are asked for once a minute", async () => {
    const { clock, uptimes, askedAt, known } = uptimesOf([{ Gate: 0.5 }, { Gate: 0.75 }]);
    assert.equal(uptimes.of("Gate"), null);
    uptimes.start();
    uptimes.start();
    await settle();
    assert.deepEqual([uptimes.of("Gate"), uptimes.of("nobody")], [0.5, null]);
    await clock.advance(120_000);
    assert.deepEqual(askedAt, [0, 60, 120]);
    assert.deepEqual([uptimes.of("Gate"), known], [0.75, [["Gate"]]]);
    uptimes.stop();
    assert.equal(clock.pending, 0);
  });

  it("are asked for sooner while a stream has none, which is told when it has one", async () => {
    const { clock, uptimes, askedAt, known } = uptimesOf([
      new Error("no answer"),
      {},
      { Gate: null, Yard: null },
      { Gate: 1, Yard: null },
      { Gate: 1, Yard: 0 },
    ]);
    uptimes.start();
    await clock.advance(74_000);
    assert.deepEqual([askedAt, known], [[0, 5, 15, 35], [["Gate"]]]);
    await clock.advance(1000);
    assert.deepEqual(
      [askedAt, known],
      [
        [0, 5, 15, 35, 75],
        [["Gate"], ["Yard"]],
      ],
    );
    await clock.advance(60_000);
    assert.deepEqual(askedAt, [0, 5, 15, 35, 75, 135]);
  });

  it("are asked for no more often because of a stream that never has one", async () => {
    const { clock, uptimes, askedAt } = uptimesOf([{ Gate: 1, Paused: null }]);
    uptimes.start();
    await clock.advance(300_000);
    assert.deepEqual(askedAt, [0, 5, 15, 35, 75, 135, 195, 255]);
  });

  it("of 10,000 streams are asked for every five minutes, and an answer that fails changes nothing", async () => {
    const all = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`Cam ${i}`, 1]));
    const { clock, uptimes, askedAt } = uptimesOf([all, new Error("no answer")]);
    uptimes.start();
    await clock.advance(600_000);
    assert.deepEqual([askedAt, uptimes.of("Cam 7")], [[0, 300, 600], 1]);
  });
});
