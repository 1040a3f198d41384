import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeptAnswers } from "../../nodes/status-store/kept-answers";
import { FakeClock } from "../support/fake-clock";

describe("KeptAnswers", () => {
  const setUp = () => {
    const clock = new FakeClock();
    const kept = new KeptAnswers(clock);
    let asked = 0;
    const ask = (key: string, bytes = 1) =>
      kept.of(key, () => Promise.resolve({ bytes: new Uint8Array(bytes), etag: String(++asked) }));
    return { clock, kept, ask };
  };

  it("gives the same answer for a second, and lets go of it then, also when nobody asks any more", async () => {
    const { clock, kept, ask } = setUp();
    assert.equal((await ask("a")).etag, "1");
    clock.pass(400);
    assert.equal((await ask("b")).etag, "2");
    clock.pass(599);
    assert.equal((await ask("a")).etag, "1");
    clock.pass(1);
    assert.equal(kept.size, 1);
    assert.equal((await ask("a")).etag, "3");
    clock.pass(1400);
    assert.deepEqual([kept.size, clock.pending], [0, 0]);
  });

  it("keeps none that failed", async () => {
    const { kept, ask } = setUp();
    await assert.rejects(kept.of("a", () => Promise.reject(new Error("busy"))));
    assert.equal((await ask("a")).etag, "1");
  });

  it("keeps fifty at most, and 32 MB, the newest ones", async () => {
    const { kept, ask } = setUp();
    for (let index = 0; index < 60; index++) await ask(`small ${index}`);
    assert.equal(kept.size, 50);
    const { etag } = await ask("small 59");
    assert.equal(etag, "60");
    for (let index = 0; index < 10; index++) await ask(`large ${index}`, 6 * 1024 * 1024);
    assert.equal(kept.size, 5);
    await ask("too large", 64 * 1024 * 1024);
    assert.equal(kept.size, 0);
    assert.equal((await ask("small 59")).etag, "72");
  });

  it("keeps nothing after its end", async () => {
    const { clock, kept, ask } = setUp();
    await ask("a");
    kept.stop();
    await ask("b");
    assert.deepEqual([kept.size, clock.pending], [0, 0]);
  });
});
