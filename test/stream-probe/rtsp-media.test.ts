import assert from "node:assert/strict";
import dgram from "node:dgram";
import { describe, it } from "node:test";
import { camera, RTSP_CAMERAS, rtpPacket, videoSdp } from "../fakes/rtsp-cameras";
import { probe } from "../support/probing";
import { answering, rtsp, withCamera } from "../support/scripted-camera";
import { until } from "../support/until";

/** `reason: message (codec size rate)` */
async function look(url: string, options: Parameters<typeof probe>[1] = {}): Promise<string> {
  const result = await probe(url, { level: "media", timeoutMs: 10_000, ...options });
  if ("notMade" in result) return `not made: ${result.notMade}`;
  const { codec, width, height, fps } = result.media ?? {};
  const facts = [codec, width && `${width}x${height}`, fps].filter((fact) => fact !== undefined).join(" ");
  return `${result.reason}: ${result.message}${facts && ` (${facts})`}`;
}

describe("the picture over RTSP", () => {
  for (const { name, source, script, expected, requests, credentials } of RTSP_CAMERAS) {
    it(`${name} [${source}]: ${expected}`, async () => {
      await withCamera(script, async (fake) => {
        const here = (text: string) => text.replaceAll("PORT", String(fake.port));
        const url = fake.url("/live", credentials ? `rtsp://${credentials}@` : "rtsp://");
        assert.equal(await look(url), here(expected));
        if (!requests) return;
        const made = [...fake.received.matchAll(/^([A-Z]+ \S+) RTSP\/1\.0\r$/gm)].map(
          ([, request]) => request,
        );
        assert.equal(made.length, requests.length, made.join(", "));
        requests.forEach((request, n) => request === "*" || assert.equal(made[n], here(request)));
      });
    });
  }

  it("says goodbye in any case once it has a session", async () => {
    const silent = camera({ channel: null });
    await withCamera(silent, async (fake) => {
      assert.equal(await look(fake.url("/live"), { timeoutMs: 700 }), "no_media: no RTP within 0.7 s");
      assert.match(fake.received, /^TEARDOWN \S+\/live RTSP\/1\.0\r\n(?:.+\r\n)*Session: 12345678\r$/m);
      await until(() => fake.open === 0);
    });
  });

  it("a silence after PLAY is believed after five seconds, whatever the limit", async () => {
    await withCamera(camera({ channel: null }), async (fake) => {
      assert.equal(await look(fake.url("/live"), { timeoutMs: 30_000 }), "no_media: no RTP within 5 s");
    });
  });

  it("tells frames that nobody can read from silence", async () => {
    const noise = camera({ packets: [Buffer.from("this is no RTP"), Buffer.from("nor is this")] });
    const unreadable = async (script: typeof noise) => {
      let found: boolean | undefined;
      await withCamera(script, async (fake) => {
        const result = await probe(fake.url("/live"), { level: "media", timeoutMs: 500 });
        assert.ok(!("notMade" in result));
        assert.equal(result.reason, "no_media");
        found = result.unreadable;
      });
      return found;
    };
    assert.equal(await unreadable(noise), true);
    assert.equal(await unreadable(camera({ channel: null })), undefined);
    assert.equal(await unreadable(camera({ packets: [rtpPacket(1, Buffer.alloc(16), 72)] })), undefined);
  });

  it("measures from SETUP to the first packet", async () => {
    await withCamera(camera(), async (fake) => {
      const result = await probe(fake.url("/live"), { level: "media" });
      assert.ok(!("notMade" in result));
      assert.deepEqual(Object.keys(result.timings), ["connectMs", "answerMs", "mediaMs"]);
      assert.equal(result.level, "media");
    });
  });

  it("takes UDP when asked to, and only from the camera", async () => {
    const sender = dgram.createSocket("udp4");
    const script = answering((request) => {
      if (request.startsWith("DESCRIBE")) return rtsp(request, "200 OK", {}, videoSdp("a=framerate:9"));
      if (request.startsWith("SETUP")) {
        const [, ports = ""] = /client_port=(\d+-\d+)/.exec(request) ?? [];
        const port = Number(ports.split("-")[0]);
        assert.equal(port % 2, 0);
        sender.send(
          rtpPacket(1, Buffer.from("6764001eacd940a03db0110000030001000003003c0f162d96", "hex")),
          port,
          "127.0.0.1",
        );
        return rtsp(request, "200 OK", {
          Session: "7",
          Transport: `RTP/AVP;unicast;client_port=${ports};server_port=5000-5001`,
        });
      }
      return rtsp(request, "200 OK", { Session: "7" });
    });
    try {
      await withCamera(script, async (fake) => {
        assert.equal(await look(fake.url("/live"), { transport: "udp" }), "ok: RTSP 200 (h264 640x480 30)");
        assert.match(fake.received, /^Transport: RTP\/AVP;unicast;client_port=\d+-\d+\r$/m);
        assert.match(fake.received, /^TEARDOWN /m);
      });
    } finally {
      sender.close();
    }
  });
});
