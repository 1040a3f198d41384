import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HLS_SERVERS } from "../fakes/hls-servers";
import type { HttpFake } from "../fakes/http-fake";
import { MJPEG_CAMERAS } from "../fakes/mjpeg-cameras";
import { PROGRESSIVE_CAMERAS, SNAPSHOT_CAMERAS } from "../fakes/snapshot-cameras";
import { probe } from "../support/probing";
import { withCamera } from "../support/scripted-camera";

const FAMILIES: Record<string, HttpFake[]> = {
  MJPEG: MJPEG_CAMERAS,
  "single pictures": SNAPSHOT_CAMERAS,
  "video in one piece": PROGRESSIVE_CAMERAS,
  HLS: HLS_SERVERS,
};

for (const [family, fakes] of Object.entries(FAMILIES)) {
  describe(`the picture over HTTP: ${family}`, { concurrency: 4 }, () => {
    for (const { name, script, path = "/video", scheme = "http://", expected, media, timeoutMs } of fakes) {
      it(`${name}: ${expected}`, () =>
        withCamera(script, async (camera) => {
          const options = { level: "media", timeoutMs: timeoutMs ?? 10_000 } as const;
          const result = await probe(camera.url(path, scheme), options);
          assert.ok(!("notMade" in result));
          assert.equal(`${result.reason}: ${result.message}`, expected);
          if (media) assert.deepEqual(result.media, media);
          assert.equal(camera.received.match(/^Authorization:/gm)?.length ?? 0, scheme.includes("@") ? 1 : 0);
        }));
    }
  });
}
