import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PICTURE, PictureWatch } from "../../nodes/stream-probe/picture/picture-watch";

const MINUTE = 60_000;

/** A picture by a function of column and row, cut to 0–255. */
function picture(at: (x: number, y: number) => number): Buffer {
  const bytes = Buffer.alloc(PICTURE.width * PICTURE.height);
  for (let i = 0; i < bytes.length; i++) {
    const value = at(i % PICTURE.width, Math.floor(i / PICTURE.width));
    bytes[i] = Math.max(0, Math.min(255, Math.round(value)));
  }
  return bytes;
}

/** Numbers that look random and are the same in each run, -1 to 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const scene = (x: number, y: number) => 80 + 40 * Math.sin(x / 9) + 30 * Math.cos(y / 7);
const noisy = (seed: number, by: number, of = scene) => {
  const random = noise(seed);
  return picture((x, y) => of(x, y) + by * random());
};

/** What a watch says after each of these pictures, ten minutes apart. */
function said(...pictures: Buffer[]): (string | undefined)[] {
  const watch = new PictureWatch(10 * MINUTE, 0);
  return pictures.map((bytes, n) => {
    watch.judge(bytes, n * 10 * MINUTE);
    return watch.bad?.reason;
  });
}

describe("a black picture", () => {
  const clock = (of: (x: number, y: number) => number) => (x: number, y: number) =>
    y < 10 && x > 100 && x % 4 < 2 ? 235 : of(x, y);
  const cases: [what: string, bytes: Buffer, black: boolean][] = [
    ["black", picture(() => 0), true],
    ["black with a little noise of the encoder", noisy(1, 1.4, () => 1), true],
    ["a capped lens with the time at the upper edge", picture(clock(() => 1)), true],
    ["a dark room with noise of the sensor", noisy(1, 8, () => 6), false],
    ["a night with one lamp", picture((x, y) => (Math.hypot(x - 80, y - 45) < 2 ? 200 : 1)), false],
    ["a dark picture that has structure", picture((x) => (x > 80 ? 9 : 0)), false],
    ["infrared", noisy(1, 3), false],
    ["dark grey, as of an encoder without input", picture(() => 16), false],
    ["white", picture(() => 255), false],
  ];
  for (const [what, bytes, black] of cases) {
    it(`${what}: ${black ? "is one" : "is none"}`, () => {
      assert.deepEqual(said(bytes), [black ? "black" : undefined]);
    });
  }

  it("says how black it is", () => {
    const watch = new PictureWatch(MINUTE, 0);
    watch.judge(
      picture(() => 2),
      0,
    );
    assert.deepEqual(watch.bad, { reason: "black", message: "picture is black (brightness 2.0 of 255)" });
  });
});

describe("a frozen picture", () => {
  it("is the same three times", () => {
    const same = picture(scene);
    assert.deepEqual(said(same, same, same, same), [undefined, undefined, "frozen", "frozen"]);
    assert.deepEqual(said(same, same, noisy(9, 20), same, same), [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is the same although it was encoded once more", () => {
    const again = (n: number) =>
      picture((x, y) => scene(x, y) + (y === 50 && x < 100 && x % 7 === n ? 1 : 0));
    assert.deepEqual(said(picture(scene), again(1), again(2)), [undefined, undefined, "frozen"]);
  });

  const alive: [what: string, pictures: Buffer[]][] = [
    ["a quiet scene by day", [1, 2, 3, 4].map((seed) => noisy(seed, 2))],
    ["a night with hardly any noise left", [1, 2, 3, 4].map((seed) => noisy(seed, 0.6))],
    [
      "nothing but a clock",
      [1, 2, 3, 4].map((n) => picture((x, y) => (y === 3 && x === 100 + n ? 90 : scene(x, y)))),
    ],
    ["dawn", [1, 2, 3, 4].map((n) => picture((x, y) => scene(x, y) + n))],
  ];
  for (const [what, pictures] of alive) {
    it(`${what}: is none`, () => {
      assert.deepEqual(
        said(...pictures),
        pictures.map(() => undefined),
      );
    });
  }

  it("is black first of all", () => {
    const black = picture(() => 0);
    assert.deepEqual(said(black, black, black), ["black", "black", "black"]);
  });

  it("moves again with the first picture that differs", () => {
    const same = picture(scene);
    assert.deepEqual(said(same, same, same, noisy(1, 20)), [undefined, undefined, "frozen", undefined]);
  });
});

describe("when the picture is taken", () => {
  it("first at a time of its own within the interval, then once in each", () => {
    const watch = new PictureWatch(10 * MINUTE, 0.5);
    assert.deepEqual(
      [0, 4.9, 5, 6].map((minute) => watch.isDue(minute * MINUTE, false)),
      [false, false, true, true],
    );
    watch.judge(picture(scene), 6 * MINUTE);
    assert.deepEqual(
      [7, 15.9, 16].map((minute) => watch.isDue(minute * MINUTE, false)),
      [false, false, true],
    );
  });

  it("never with the first check", () => {
    const watch = new PictureWatch(10 * MINUTE, 0);
    assert.deepEqual([watch.isDue(0, false), watch.isDue(MINUTE, false)], [false, true]);
  });

  it("at once while something bad waits for confirmation, then every minute until it is good", () => {
    const watch = new PictureWatch(10 * MINUTE, 0);
    watch.judge(
      picture(() => 0),
      0,
    );
    assert.deepEqual([watch.isDue(1000, true), watch.isDue(1000, false)], [true, false]);
    assert.deepEqual([watch.isDue(59_000, false), watch.isDue(60_000, false)], [false, true]);
    watch.judge(picture(scene), 60_000);
    assert.deepEqual([watch.bad, watch.isDue(61_000, true)], [undefined, false]);
  });

  it("again soon when none could be had, and what was known stays", () => {
    const watch = new PictureWatch(10 * MINUTE, 0);
    watch.judge(
      picture(() => 0),
      0,
    );
    watch.missed(60_000);
    assert.equal(watch.bad?.reason, "black");
    assert.deepEqual([watch.isDue(119_000, false), watch.isDue(120_000, false)], [false, true]);
  });
});
