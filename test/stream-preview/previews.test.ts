import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "../../common/logger";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema } from "../../contracts/stream";
import type { Viewer } from "../../nodes/stream-preview/channel";
import { Previews } from "../../nodes/stream-preview/previews";
import { Refusal } from "../../nodes/stream-preview/refusal";
import type { WatchedStream } from "../../nodes/stream-preview/watched-stream";
import { FakeClock, settle } from "../support/fake-clock";

/** Previews of cameras that give pictures until nobody looks any more. */
function previewing(refusal?: Refusal) {
  const clock = new FakeClock();
  const sessions: string[] = [];
  let looks = 0;
  const previews = new Previews({
    clock,
    logger: silentLogger,
    most: 4,
    cameras: {
      look: (_access, _give, signal) => {
        looks++;
        if (refusal) return Promise.resolve(refusal);
        return new Promise((resolve) =>
          signal.addEventListener("abort", () => resolve(new Refusal(503, "gone", ""))),
        );
      },
      keepOnly: () => {},
      stop: () => {},
    },
    onSession: (stream, open) => sessions.push(`${open ? "+" : "-"}${stream}`),
    onWatching: () => {},
  });
  previews.setStreams(
    [streamSchema.parse({ name: "gate", url: "rtsp://u:wrong@gate.test/" })],
    settingsSchema.parse({}),
  );
  return { clock, sessions, previews, looks: () => looks };
}

const gateOf = (previews: Previews) => previews.find("gate") as WatchedStream;

function viewer(told: string[] = []): Viewer {
  return { purpose: "preview", show: () => {}, end: ({ code }) => told.push(code) };
}

describe("previews", () => {
  it("tell the probe when somebody looks, and when nobody does any more", async () => {
    const { clock, sessions, previews } = previewing();
    const leave = previews.watch(gateOf(previews), viewer());
    await settle();
    assert.deepEqual(sessions, ["+gate"]);
    leave();
    await settle();
    assert.deepEqual(sessions, ["+gate", "-gate"]);
    assert.equal(clock.pending, 0);
  });

  it("say so every two minutes as long as it lasts", async () => {
    const clock = new FakeClock();
    const sessions: string[] = [];
    const previews = new Previews({
      clock,
      logger: silentLogger,
      most: 1,
      cameras: {
        look: (_access, give, signal) =>
          new Promise((resolve) => {
            const more = () => {
              give(Buffer.from("p"));
              timer = clock.setTimeout(more, 5000);
            };
            let timer: unknown;
            more();
            signal.addEventListener("abort", () => {
              clock.clearTimeout(timer);
              resolve(new Refusal(503, "gone", ""));
            });
          }),
        keepOnly: () => {},
        stop: () => {},
      },
      onSession: (stream, open) => sessions.push(`${open ? "+" : "-"}${stream}`),
      onWatching: () => {},
    });
    previews.setStreams([streamSchema.parse({ name: "gate", url: "rtsp://gate.test/" })]);
    const leave = previews.watch(gateOf(previews), viewer());
    await clock.advance(300_000);
    leave();
    await settle();
    assert.deepEqual([sessions, clock.pending], [["+gate", "+gate", "+gate", "-gate"], 0]);
  });

  it("do not try a password that was refused, by whomever, until it is another one", async () => {
    const refused = previewing(new Refusal(502, "auth_failed", ""));
    const told: string[] = [];
    for (let n = 0; n < 3; n++) {
      refused.previews.watch(gateOf(refused.previews), viewer(told));
      await settle();
    }
    assert.deepEqual([told, refused.looks()], [["auth_failed", "auth_failed", "auth_failed"], 1]);
    await refused.clock.advance(300_000);
    refused.previews.watch(gateOf(refused.previews), viewer(told));
    await settle();
    assert.equal(refused.looks(), 2);

    const known = previewing();
    const transition = { stream: "gate", from: "up", to: "degraded", reason: "auth_failed" } as const;
    known.previews.learn({ ...transition, at: 1, previousDurationMs: 1, level: "handshake", seq: 1 });
    known.previews.watch(gateOf(known.previews), viewer(told));
    await settle();
    assert.deepEqual([told.at(-1), known.looks(), known.sessions], ["auth_failed", 0, []]);
    known.previews.setStreams([streamSchema.parse({ name: "gate", url: "rtsp://u:right@gate.test/" })]);
    known.previews.watch(gateOf(known.previews), viewer(told));
    await settle();
    assert.equal(known.looks(), 1);
  });

  it("are for a hundred people", async () => {
    const { previews } = previewing();
    const told: string[] = [];
    for (let n = 0; n < 101; n++) previews.watch(gateOf(previews), viewer(told));
    assert.deepEqual([told, previews.viewers], [["busy"], 100]);
    await previews.stop();
    assert.equal(previews.viewers, 0);
    previews.watch(gateOf(previews), viewer(told));
    assert.equal(told.at(-1), "ended");
  });
});
