import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema, type Stream } from "../../contracts/stream";
import type { Viewer } from "../../nodes/stream-preview/channel";
import type { Picture } from "../../nodes/stream-preview/picture";
import { Refusal } from "../../nodes/stream-preview/refusal";
import { Snapshots } from "../../nodes/stream-preview/snapshots";
import { watchedStream } from "../../nodes/stream-preview/watched-stream";
import { FakeClock, settle } from "../support/fake-clock";

function watched(name: string, more: Partial<Stream> = {}) {
  const stream = streamSchema.parse({ name, url: `rtsp://${name}.test/`, ...more });
  return watchedStream(stream, settingsSchema.parse({}));
}

/** Snapshots of cameras that give what the test says. */
function camera() {
  const clock = new FakeClock();
  const viewers: Viewer[] = [];
  const said: string[] = [];
  const running = new Map<string, Picture>();
  const snapshots = new Snapshots(
    clock,
    {
      latest: (name) => running.get(name),
      watch: ({ name }, viewer) => {
        said.push(`+${name}`);
        viewers.push(viewer);
        return () => said.push(`-${name}`);
      },
    },
    (jpeg, width) => {
      said.push(`resized to ${width}`);
      return Promise.resolve(Buffer.from(`${jpeg.toString()} at ${width}`));
    },
  );
  const give = (text: string) => {
    for (const viewer of viewers.splice(0)) viewer.show({ jpeg: Buffer.from(text), at: clock.elapsed() });
  };
  return { clock, viewers, said, running, snapshots, give };
}

const textOf = async (answer: Promise<Buffer | Refusal>) => {
  const got = await answer;
  return got instanceof Refusal ? `${got.statusCode} ${got.code}` : got.toString();
};

describe("snapshots", () => {
  it("are taken once however many ask, and kept for 5 s", async () => {
    const { clock, said, snapshots, give } = camera();
    const gate = watched("gate");
    const asked = [1, 2, 3].map(() => textOf(snapshots.get(gate, {})));
    await settle();
    give("one");
    assert.deepEqual(await Promise.all(asked), ["one", "one", "one"]);
    assert.deepEqual(said, ["+gate", "-gate"]);
    await clock.advance(5000);
    assert.equal(await textOf(snapshots.get(gate, {})), "one");
    await clock.advance(1);
    const later = textOf(snapshots.get(gate, {}));
    await settle();
    give("two");
    assert.equal(await later, "two");
    assert.equal(clock.pending, 0);
  });

  it("may be as old as somebody says, thumbnails 30 s, and with the probe's pictures as old as those are", async () => {
    const { clock, said, snapshots } = camera();
    const gate = watched("gate");
    snapshots.put(gate, Buffer.from("old"));
    await clock.advance(29_000);
    assert.equal(await textOf(snapshots.get(gate, { width: 160 })), "old at 160");
    assert.equal(await textOf(snapshots.get(gate, { mostAgeMs: 60_000 })), "old");
    await clock.advance(2000);
    void snapshots.get(gate, { width: 160 });
    await settle();
    assert.deepEqual(said.slice(-1), ["+gate"]);
    const watchedByProbe = watched("door", { picture_minutes: 10 });
    snapshots.put(watchedByProbe, Buffer.from("door"));
    await clock.advance(599_000);
    assert.equal(await textOf(snapshots.get(watchedByProbe, { width: 320 })), "door at 320");
  });

  it("take the newest picture of a preview that runs", async () => {
    const { clock, said, running, snapshots } = camera();
    running.set("gate", { jpeg: Buffer.from("live"), at: clock.elapsed() });
    assert.equal(await textOf(snapshots.get(watched("gate"), {})), "live");
    assert.deepEqual(said, []);
  });

  it("are made smaller once for each of a few widths", async () => {
    const { said, snapshots } = camera();
    const gate = watched("gate");
    snapshots.put(gate, Buffer.from("p"));
    const widths = [16, 160, 161, 320, 1280, 4000];
    const got = await Promise.all(widths.map((width) => textOf(snapshots.get(gate, { width }))));
    assert.deepEqual(got, ["p at 160", "p at 160", "p at 320", "p at 320", "p at 1280", "p"]);
    assert.deepEqual(said, ["resized to 160", "resized to 320", "resized to 1280"]);
  });

  it("of a stream that is down, or switched off, are refused at once", async () => {
    const { said, snapshots } = camera();
    const down = { ...watched("down"), state: "down", reason: "timeout" } as const;
    assert.equal(await textOf(snapshots.get(down, {})), "502 timeout");
    assert.equal(await textOf(snapshots.get(watched("off", { enabled: false }), {})), "409 paused");
    assert.deepEqual(said, []);
  });

  it("say why there is none, give up after 14 s, and are asked for anew then", async () => {
    const { clock, viewers, said, snapshots, give } = camera();
    const gate = watched("gate");
    const refused = textOf(snapshots.get(gate, {}));
    await settle();
    viewers.splice(0)[0]?.end(new Refusal(502, "wrong_path", ""));
    assert.equal(await refused, "502 wrong_path");
    const late = textOf(snapshots.get(gate, {}));
    await clock.advance(14_000);
    assert.equal(await late, "504 timeout");
    viewers.length = 0;
    const good = textOf(snapshots.get(gate, {}));
    await settle();
    give("good");
    assert.equal(await good, "good");
    assert.deepEqual(said, ["+gate", "-gate", "+gate", "-gate", "+gate", "-gate"]);
  });

  it("of a stream that was changed while one was taken are not shown for the new one", async () => {
    const { clock, said, snapshots, give } = camera();
    const old = textOf(snapshots.get(watched("gate"), {}));
    await settle();
    snapshots.keepOnly(new Map());
    give("old");
    await old;
    void snapshots.get(watched("gate", { url: "rtsp://new.test/" }), {});
    await clock.advance(10);
    assert.deepEqual(said, ["+gate", "-gate", "+gate"]);
  });

  it("are forgotten with the stream, with its URL, after an hour, and when they are too many", async () => {
    const { clock, said, snapshots } = camera();
    const isKept = async (stream: ReturnType<typeof watched>) => {
      said.length = 0;
      const answer = snapshots.get(stream, { mostAgeMs: 7_200_000 });
      void answer.catch(() => {});
      await settle();
      return said.length === 0;
    };
    const [a, b] = [watched("a"), watched("b")];
    snapshots.put(a, Buffer.from("a"));
    snapshots.put(b, Buffer.from("b"));
    snapshots.keepOnly(
      new Map([
        ["a", watched("a", { url: "rtsp://other.test/" })],
        ["b", b],
      ]),
    );
    assert.deepEqual([await isKept(a), await isKept(b)], [false, true]);
    await clock.advance(3_600_001);
    snapshots.put(a, Buffer.from("a"));
    assert.equal(await isKept(b), false);
    for (let n = 0; n < 5; n++) snapshots.put(watched(`s${n}`), Buffer.alloc(8 * 1024 * 1024));
    assert.deepEqual([await isKept(watched("s0")), await isKept(watched("s4"))], [false, true]);
  });
});
