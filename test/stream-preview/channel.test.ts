import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Channel, type Viewer } from "../../nodes/stream-preview/channel";
import { Refusal } from "../../nodes/stream-preview/refusal";
import { FakeClock, settle } from "../support/fake-clock";

/** A channel whose camera does what the test says. */
function channel() {
  const clock = new FakeClock();
  const said: string[] = [];
  const camera = {
    give: (_text: string) => {},
    end: (_because: Refusal) => {},
    fail: (_error: Error) => {},
  };
  const opened: Channel = new Channel({
    clock,
    run: (give, signal) => {
      said.push("opened");
      opened.expectPicture();
      signal.addEventListener("abort", () => said.push("told to end"));
      camera.give = (text) => give(Buffer.from(text));
      return new Promise((resolve, reject) => {
        camera.end = resolve;
        camera.fail = reject;
      });
    },
    onEnd: () => said.push("ended"),
    onBug: (error) => said.push(`bug: ${String(error)}`),
  });
  return { clock, said, camera, channel: opened };
}

function viewer(said: string[], name: string): Viewer {
  return {
    purpose: "preview",
    show: ({ jpeg }) => said.push(`${name} sees ${jpeg.toString()}`),
    end: ({ code }) => said.push(`${name} is told ${code}`),
  };
}

describe("a channel", () => {
  it("shows each picture to all, and the newest to who comes later", async () => {
    const { said, camera, channel: one } = channel();
    one.join(viewer(said, "a"));
    void one.start();
    await settle();
    camera.give("1");
    one.join(viewer(said, "b"));
    camera.give("2");
    assert.deepEqual(said, ["opened", "a sees 1", "b sees 1", "a sees 2", "b sees 2"]);
  });

  it("ends when the last one leaves, and tells nobody", async () => {
    const { clock, said, camera, channel: one } = channel();
    const leave = [one.join(viewer(said, "a")), one.join(viewer(said, "b"))];
    void one.start();
    await settle();
    leave[0]?.();
    leave[0]?.();
    assert.deepEqual([one.closing, said], [false, ["opened"]]);
    leave[1]?.();
    camera.give("late");
    camera.end(new Refusal(503, "x", ""));
    await one.ended;
    assert.deepEqual([said, clock.pending], [["opened", "told to end", "ended"], 0]);
  });

  it("tells all why it ends", async () => {
    const { said, camera, channel: one } = channel();
    one.join(viewer(said, "a"));
    one.join(viewer(said, "b"));
    void one.start();
    await settle();
    camera.end(new Refusal(502, "gone", ""));
    await one.ended;
    assert.deepEqual(said, ["opened", "told to end", "a is told gone", "b is told gone", "ended"]);
  });

  it("of a camera that gives no first picture ends after 12 s, and of one that falls silent after 10 s", async () => {
    const silent = channel();
    silent.channel.join(viewer(silent.said, "a"));
    void silent.channel.start();
    await silent.clock.advance(11_900);
    assert.deepEqual(silent.said, ["opened"]);
    await silent.clock.advance(200);
    assert.deepEqual(silent.said, ["opened", "told to end", "a is told timeout"]);

    const frozen = channel();
    frozen.channel.join(viewer(frozen.said, "a"));
    void frozen.channel.start();
    await settle();
    for (let n = 0; n < 5; n++) {
      frozen.camera.give("p");
      await frozen.clock.advance(9000);
    }
    assert.equal(frozen.channel.closing, false);
    await frozen.clock.advance(1100);
    assert.equal(frozen.channel.closing, true);
  });

  it("waits until the one before has closed its connection", async () => {
    const { said, channel: one } = channel();
    let closed: () => void = () => {};
    one.join(viewer(said, "a"));
    void one.start(new Promise((resolve) => (closed = resolve)));
    await settle();
    assert.deepEqual(said, []);
    closed();
    await settle();
    assert.deepEqual(said, ["opened"]);
  });

  it("that nobody wants any more opens nothing", async () => {
    const { said, channel: one } = channel();
    const leave = one.join(viewer(said, "a"));
    void one.start(Promise.resolve());
    leave();
    await one.ended;
    assert.deepEqual(said, ["ended"]);
  });

  it("survives a bug", async () => {
    const { said, camera, channel: one } = channel();
    one.join(viewer(said, "a"));
    void one.start();
    await settle();
    camera.fail(new Error("oops"));
    await one.ended;
    assert.deepEqual(said, [
      "opened",
      "bug: Error: oops",
      "told to end",
      "a is told internal_error",
      "ended",
    ]);
  });
});
