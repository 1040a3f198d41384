import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseStreamUrl } from "../../common/stream-url";
import { PROBERS } from "../../nodes/stream-probe/probers";
import type { ProbeMemory } from "../../nodes/stream-probe/probers/prober";
import { HlsPlaylist } from "../../nodes/stream-probe/probers/hls-playlist";
import { live } from "../fakes/hls-servers";
import { head, serving } from "../fakes/http-fake";
import { media } from "../support/media";
import { probe, testNetwork, verdict } from "../support/probing";
import { answering, ScriptedCamera, withCamera } from "../support/scripted-camera";

const TS = media("h264-aac.mpegts");

/** A live stream whose playlist begins with a segment of this number. */
function numbered(sequence: () => number, target = 2) {
  return serving({
    "/": () => ({
      body: `#EXTM3U\n#EXT-X-TARGETDURATION:${target}\n#EXT-X-MEDIA-SEQUENCE:${sequence()}\n#EXTINF:2,\na.ts?viewer=${Math.random()}\n`,
    }),
  });
}

describe("a playlist that stands still", () => {
  /** Verdicts at these seconds, the playlist moving on at some of them; a segment is always there. */
  async function verdicts(seconds: number[], movesAt: number[], target = 2): Promise<string[]> {
    let sequence = 1;
    let now = 0;
    const memory: ProbeMemory = {};
    const network = testNetwork();
    const clock = { ...network.clock, elapsed: () => now * 1000 };
    const heard: string[] = [];
    const playlist = numbered(() => sequence, target);
    const camera = await ScriptedCamera.start((socket) =>
      socket.once("data", (data) => {
        if (!data.toString("latin1").startsWith("GET / ")) {
          return socket.end(Buffer.concat([Buffer.from(head("HTTP/1.1 200 OK")), TS]));
        }
        playlist(socket);
        return socket.emit("data", data);
      }),
    );
    try {
      for (now of seconds) {
        if (movesAt.includes(now)) sequence++;
        const request = {
          url: parseStreamUrl(camera.url("/", "http://")),
          level: "media",
          timeoutMs: 10_000,
          transport: "tcp",
          tlsVerify: false,
          withholdCredentials: false,
          memory,
        } as const;
        const result = await PROBERS.http.probe(request, { ...network, clock });
        assert.ok(!("notMade" in result));
        assert.equal(result.media?.codec, "h264");
        heard.push(`${result.reason}: ${result.message}`);
      }
      return heard;
    } finally {
      await camera.stop();
    }
  }

  it("is stale after 10 s, says so coarsely, and recovers", async () => {
    assert.deepEqual(await verdicts([0, 9, 10.5, 19, 45, 61, 130, 131], [131]), [
      "ok: HTTP 200",
      "ok: HTTP 200",
      "stale: playlist unchanged for 10 s",
      "stale: playlist unchanged for 10 s",
      "stale: playlist unchanged for 30 s",
      "stale: playlist unchanged for 60 s",
      "stale: playlist unchanged for 120 s",
      "ok: HTTP 200",
    ]);
  });

  it("has three segments' time where those are long", async () => {
    assert.deepEqual(await verdicts([0, 29, 31], [], 10), [
      "ok: HTTP 200",
      "ok: HTTP 200",
      "stale: playlist unchanged for 30 s",
    ]);
  });

  it("is not stale where it moves", async () => {
    assert.deepEqual(await verdicts([0, 60, 120], [60, 120]), Array(3).fill("ok: HTTP 200"));
  });

  it("is told by its addresses where it has no numbers", () => {
    const at = (name: string) => {
      const playlist = new HlsPlaylist();
      for (const line of ["#EXTM3U", "#EXTINF:2,", name]) playlist.add(line);
      return playlist.position;
    };
    assert.notEqual(at("live.ts?n=1"), at("live.ts?n=2"));
  });
});

describe("addresses in a playlist", () => {
  const refused = [
    "file:///etc/passwd",
    "concat:a|b",
    "data:video/mp4;base64,AAAA",
    "rtsp://10.0.0.1/",
    "javascript:x",
  ];
  for (const uri of refused) {
    it(`${uri} is not opened`, () =>
      withCamera(serving({ "/": live("#EXTINF:2,", uri) }), async (camera) => {
        const expected = `not_a_stream: playlist names a ${uri.slice(0, uri.indexOf(":"))}: address`;
        assert.equal(await verdict(camera.url("/", "http://"), { level: "media" }), expected);
        assert.equal(camera.connections, 1);
      }));
  }

  for (const uri of ["http://[::1", "http://", `/${"x".repeat(3000)}`, "//:80/"]) {
    it(`${uri.slice(0, 20)} cannot be read`, () =>
      withCamera(serving({ "/": live("#EXTINF:2,", uri) }), async (camera) => {
        const expected = "not_a_stream: playlist names an address that cannot be read";
        assert.equal(await verdict(camera.url("/", "http://"), { level: "media" }), expected);
      }));
  }

  it("count from the playlist's own, whatever they look like", async () => {
    const rows: [uri: string, path: string][] = [
      ["seg.ts", "/a/b/seg.ts"],
      ["./seg.ts?x=1&y=%2F", "/a/b/seg.ts?x=1&y=%2F"],
      ["../seg.ts", "/a/seg.ts"],
      ["../../../seg.ts", "/seg.ts"],
      ["/seg.ts#part", "/seg.ts"],
      ["?n=7", "/a/b/index.m3u8?n=7"],
      ["se g.ts", "/a/b/se%20g.ts"],
      ["\u00fc.ts", "/a/b/%C3%BC.ts"],
    ];
    for (const [uri, path] of rows) {
      const server = serving({ "/a/b/index.m3u8": Buffer.from(live("#EXTINF:2,", uri), "utf8") });
      await withCamera(server, async (camera) => {
        await probe(camera.url("/a/b/index.m3u8", "http://"), { level: "media" });
        assert.deepEqual(camera.received.match(/(?<=GET )\S+/g), ["/a/b/index.m3u8", path]);
      });
    }
  });
});

describe("credentials and HLS", () => {
  const challenge = ['WWW-Authenticate: Digest realm="cam", qop="auth", nonce="NONCE"'];
  /** Each resource wants an answer to a challenge of its own, as cameras whose nonces serve once do. */
  function guarded(resources: Record<string, string | Buffer>) {
    const nonces = new Set<string>();
    return serving(
      Object.fromEntries(
        Object.entries(resources).map(([path, body]) => [
          path,
          (request: string) => {
            const nonce = /nonce="(n\d+)"/.exec(request)?.[1] ?? "";
            if (nonces.delete(nonce)) return { body };
            const fresh = `n${path.length}${Math.floor(Math.random() * 1e9)}`;
            nonces.add(fresh);
            const headers = challenge.map((line) => line.replace("NONCE", fresh));
            return { status: "401 Unauthorized", headers };
          },
        ]),
      ),
    );
  }

  it("are used for each resource of the same host, though every nonce serves once", () =>
    withCamera(guarded({ "/": live("#EXTINF:2,", "7.ts"), "/7.ts": TS }), async (camera) => {
      const result = await probe(camera.url("/", "http://viewer:pw@"), { level: "media" });
      assert.deepEqual("reason" in result && [result.reason, result.credentialsRefused], ["ok", false]);
    }));

  it("are refused only once for a segment too", () => {
    const refusing = serving({
      "/": live("#EXTINF:2,", "7.ts"),
      "/7.ts": { status: "401 Unauthorized", headers: challenge },
    });
    return withCamera(refusing, async (camera) => {
      const expected = "auth_failed: segment: HTTP 401";
      assert.equal(await verdict(camera.url("/", "http://viewer:pw@"), { level: "media" }), expected);
      assert.equal(camera.received.match(/^Authorization:/gm)?.length, 1);
    });
  });

  it("never go to another host", async () => {
    const thief = await ScriptedCamera.start(
      serving({ "/7.ts": { status: "401 Unauthorized", headers: ['WWW-Authenticate: Basic realm="cam"'] } }),
    );
    const other = thief.url("/7.ts", "http://").replace("127.0.0.1", "stranger:x@127.0.0.2");
    const camera = await ScriptedCamera.start(serving({ "/": live("#EXTINF:2,", other) }));
    try {
      const result = await probe(camera.url("/", "http://viewer:pw@"), { level: "media" });
      // 127.0.0.2 has no listener where the loopback interface is one address alone
      assert.ok("reason" in result && ["auth_required", "connect_refused"].includes(result.reason));
      assert.ok(!thief.received.includes("Authorization"));
    } finally {
      await Promise.all([thief.stop(), camera.stop()]);
    }
  });
});

describe("HLS that does not come", () => {
  const rows: [name: string, answers: Record<string, string>, expected: string][] = [
    ["no segment", {}, "no_media: no segment within 0.3 s"],
    ["half a segment", { "/7.ts": `${head("HTTP/1.1 200 OK")}G` }, "no_media: no segment within 0.3 s"],
  ];
  for (const [name, answers, expected] of rows) {
    it(`${name}: ${expected}`, () => {
      const script = answering((request, socket) => {
        const path = /^GET (\S+)/.exec(request)?.[1] ?? "";
        if (path !== "/") return answers[path];
        return void socket.end(head("HTTP/1.1 200 OK") + live("#EXTINF:2,", "7.ts"));
      });
      return withCamera(script, async (camera) => {
        const options = { level: "media", timeoutMs: 300 } as const;
        assert.equal(await verdict(camera.url("/", "http://"), options), expected);
      });
    });
  }

  it("counts as a handshake while only the playlist is asked for", () =>
    withCamera(serving({ "/": "#EXTM3U\n" }), async (camera) => {
      const result = await probe(camera.url("/", "http://"));
      assert.deepEqual("reason" in result && [result.reason, result.level, result.media], [
        "ok",
        "handshake",
        undefined,
      ]);
      assert.equal(camera.connections, 1);
    }));

  it("counts as media from the first byte of a playlist on", () =>
    withCamera(serving({ "/": live("#EXTINF:2,", "7.ts"), "/7.ts": TS }), async (camera) => {
      const result = await probe(camera.url("/", "http://"), { level: "media" });
      assert.ok("reason" in result && result.level === "media" && (result.timings.mediaMs ?? 0) > 0);
    }));
});
