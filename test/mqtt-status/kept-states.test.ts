import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeptStates } from "../../nodes/mqtt-status/kept-states";
import { topicsOf } from "../../nodes/mqtt-status/topics";
import { FakeClock } from "../support/fake-clock";
import { FakeLink, incoming, INSTALLATION } from "./support";

async function reading() {
  const clock = new FakeClock();
  const link = new FakeLink();
  const told: { found?: ReadonlyMap<string, number>; strangers: number } = { strangers: 0 };
  const kept = new KeptStates({
    ...{ clock, topics: topicsOf("a/status"), installation: INSTALLATION },
    onRead: (found) => (told.found = found),
    onStranger: () => told.strangers++,
  });
  await kept.read(link);
  const come = (ids: number[], installation = INSTALLATION) => {
    for (const id of ids) kept.receive(incoming(`a/streams/cam_${id}/state`, { id, installation }, true));
  };
  const ids = () => told.found && [...told.found.values()];
  return { clock, link, told, kept, come, ids };
}

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i);

describe("what is kept at the broker", () => {
  it("is read as long as anything comes, however slow the line is", async () => {
    const { clock, link, come, ids } = await reading();
    for (const id of numbers(500)) {
      come([id]);
      await clock.advance(399);
    }
    assert.equal(ids(), undefined);
    await clock.advance(1);
    assert.deepEqual(ids(), numbers(500));
    assert.deepEqual([link.subscribed, clock.pending], [[], 0]);
  });

  it("is not read for ever", async () => {
    const { clock, told, come } = await reading();
    for (let i = 0; i < 1000; i++) {
      come([1]);
      await clock.advance(300);
      if (told.found) break;
    }
    assert.deepEqual([told.found?.size, clock.elapsed()], [1, 300_000]);
  });

  it("is asked for again where a broker may have dropped some, until nothing new comes", async () => {
    const { clock, link, come, ids } = await reading();
    come(numbers(1500));
    await clock.advance(400);
    assert.deepEqual([ids(), link.subscribed.length], [undefined, 2]);
    come(numbers(1100));
    come(numbers(400, 1501));
    await clock.advance(400);
    assert.deepEqual([ids(), link.subscribed.length], [undefined, 3]);
    come(numbers(1900));
    await clock.advance(400);
    assert.deepEqual(ids(), numbers(1900));
    assert.equal(clock.pending, 0);
  });

  it("is asked for once where all of it can wait at the broker, or more would be too much", async () => {
    for (const count of [999, 60_000]) {
      const { clock, link, told, come } = await reading();
      come(numbers(count));
      await clock.advance(400);
      assert.equal(told.found?.size, count);
      assert.deepEqual(link.subscribed, []);
    }
  });

  it("counts up to 100,000 states, whoever left them", async () => {
    const { clock, told, kept, come } = await reading();
    come(numbers(100_000), "another");
    come([1]);
    await clock.advance(400);
    assert.deepEqual([told.found?.size, told.strangers], [0, 100_000]);
    assert.equal(kept.receive(incoming("a/streams/cam_1/image", "", true)), false);
  });
});
