import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { withCredentials } from "../../demo/cameras";
import { ffprobe } from "../support/ffprobe";
import { fixture } from "../support/fixtures";
import { GstCamera } from "../support/gst-camera";
import { needs } from "../support/needs";
import { probe } from "../support/probing";
import { temporaryFolder } from "../support/temporary-folder";

describe(
  "facts of real pictures over RTSP, as ffprobe sees them",
  needs("gst-rtsp-server", "ffprobe"),
  () => {
    for (const codec of ["h264", "h265", "mjpeg"] as const) {
      it(codec, async (t) => {
        const camera = new GstCamera({ codec });
        t.after(() => camera.stop());
        const { url } = await camera.start();
        const expected = await ffprobe(url);
        for (const transport of ["tcp", "udp"] as const) {
          const result = await probe(url, { level: "media", timeoutMs: 10_000, transport });
          assert.ok("reason" in result);
          const { codec: found, width, height, fps } = result.media ?? {};
          const { codec: wanted, width: wide, height: high } = expected;
          assert.deepEqual(
            [result.reason, found, width, height, fps],
            ["ok", wanted, wide, high, 10],
            transport,
          );
        }
      });
    }

    it("with digest credentials over TLS", async (t) => {
      const certificate = path.join(temporaryFolder(t), "camera.pem");
      const parts = ["cert", "key"].map((part) => readFileSync(fixture("tls", `valid.${part}.pem`), "utf8"));
      writeFileSync(certificate, parts.join(""));
      const credentials = { username: "viewer", password: "s3cr3t/p@ss" };
      const camera = new GstCamera({ certificate, credentials });
      t.after(() => camera.stop());
      const { url } = await camera.start();
      const right = await probe(withCredentials(url, credentials), { level: "media", timeoutMs: 10_000 });
      assert.ok("reason" in right);
      assert.deepEqual([right.reason, right.media?.codec, right.media?.width], ["ok", "h264", 320]);
      assert.ok((right.timings.tlsMs ?? 0) > 0);
      const strict = await probe(withCredentials(url, credentials), { level: "media", tlsVerify: true });
      assert.equal("reason" in strict && strict.reason, "tls_failed");
      const wrong = await probe(withCredentials(url, { ...credentials, password: "no" }), { level: "media" });
      assert.equal("reason" in wrong && wrong.reason, "auth_failed");
    });
  },
);
