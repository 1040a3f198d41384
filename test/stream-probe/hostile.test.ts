import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../common/clock";
import { parseStreamUrl, StreamUrlError } from "../../common/stream-url";
import { parseH264Sps } from "../../nodes/stream-probe/picture/h264";
import { parseH265Sps } from "../../nodes/stream-probe/picture/h265";
import { containerOf } from "../../nodes/stream-probe/picture/containers";
import { JpegWalker } from "../../common/jpeg-walker";
import { parseRtpJpeg } from "../../nodes/stream-probe/picture/rtp-jpeg";
import { RtpPicture } from "../../nodes/stream-probe/picture/rtp-picture";
import { Authorizer } from "../../common/camera/authorization";
import type { Connection } from "../../common/camera/connection";
import { Failure } from "../../common/camera/failure";
import { HlsPlaylist } from "../../nodes/stream-probe/probers/hls-playlist";
import { parseRtp } from "../../nodes/stream-probe/probers/rtp";
import { parseSdp, receivableVideo } from "../../nodes/stream-probe/probers/sdp";
import { WireReader } from "../../common/camera/wire-reader";
import { probe, testNetwork } from "../support/probing";
import { answering, ScriptedCamera, VIDEO_SDP, withCamera, type Script } from "../support/scripted-camera";

/** 100,000 inputs in all; a failure prints the seed that repeats it. */
const RUNS = 18_000;
const settings = { numRuns: RUNS };

/** Text that is nearly what a reader expects: its words in any order, with garbage in between. */
const nearly = (...words: string[]) =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...words) },
        fc.string({ unit: "binary", maxLength: 12 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(""));

function jpegOf(bytes: Buffer) {
  const walker = new JpegWalker();
  // in two pieces, since pictures never come whole
  walker.add(bytes.subarray(0, 5));
  walker.add(bytes.subarray(5));
  return walker.facts;
}

/** A connection that brings these bytes in these pieces, and closes. */
function connectionOf(bytes: Buffer, pieces: number[]): Connection {
  let at = 0;
  let turn = 0;
  const read = () => {
    if (at >= bytes.length) return Promise.resolve(null);
    const length = pieces.length ? Math.max(1, pieces[turn++ % pieces.length] as number) : bytes.length;
    const chunk = bytes.subarray(at, at + length);
    at += length;
    return Promise.resolve(chunk);
  };
  return { read, peer: "camera" } as unknown as Connection;
}

describe("readers of what a camera sends, on bytes that nobody has checked", () => {
  it("heads of RTSP and HTTP, in any pieces", async () => {
    const head = nearly(
      "RTSP/1.0 ",
      "HTTP/1.1 ",
      "200 OK",
      "401",
      "\r\n",
      "\n",
      "\r",
      "CSeq: 1",
      "WWW-Authenticate: Digest ",
      ": ",
      " x",
      "\r\n\r\n",
    );
    await fc.assert(
      fc.asyncProperty(
        head,
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
        fc.constantFrom("RTSP", "HTTP"),
        async (text, pieces, protocol) => {
          const reader = new WireReader(connectionOf(Buffer.from(text, "utf8"), pieces), 4096);
          const answer = await reader.head(protocol);
          if (answer instanceof Failure) assert.ok(answer.message.length < 200);
          else assert.ok("status" in answer && answer.status >= 100 && answer.status <= 999);
        },
      ),
      settings,
    );
  });

  it("session descriptions", () => {
    const sdp = nearly(
      ...[
        "v=0\r\n",
        "m=video 0 RTP/AVP 96\r\n",
        "m=audio 0 RTP/AVP 0\n",
        "m=",
        "a=rtpmap:96 H264/90000\r\n",
        "a=rtpmap:96 ",
        "a=fmtp:96 ",
      ],
      ...[
        "sprop-parameter-sets=Z0IAKeKQ,aM48gA==;",
        "packetization-mode=1",
        "a=control:*\r\n",
        "a=control:trackID=1\r\n",
        "a=framerate:1e9\r\n",
        "b=AS:99999999999\r\n",
        "a=sendonly\r\n",
        "\r\n",
      ],
    );
    fc.assert(
      fc.property(sdp, fc.uint8Array({ maxLength: 40 }), (text, payload) => {
        const description = parseSdp(text);
        const track = description && receivableVideo(description);
        if (!description || !track) return;
        const picture = new RtpPicture(description, track);
        for (const timestamp of [0, 0xffffffff, 1]) {
          picture.add({
            payloadType: 96,
            marker: false,
            sequence: 0,
            timestamp,
            payload: Buffer.from(payload),
          });
        }
        const { fps = 1, bitrate = 1, width = 2 } = picture.media();
        assert.ok(fps > 0 && fps <= 1000 && bitrate > 0 && width >= 2);
      }),
      settings,
    );
  });

  it("parameter sets, JPEG headers and RTP packets", () => {
    const headers = fc.constantFrom(
      [0x67],
      [0x42, 0x01],
      [0xff, 0xd8, 0xff, 0xc0],
      [0x80, 0x60],
      [0x90, 0xe0],
    );
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 120 }), (header, rest) => {
        const bytes = Buffer.from([...header, ...rest]);
        for (const facts of [parseH264Sps(bytes), parseH265Sps(bytes), jpegOf(bytes), parseRtpJpeg(bytes)]) {
          if (facts)
            assert.ok(
              facts.width >= 2 && facts.width <= 32_768 && facts.height >= 2 && facts.height <= 32_768,
            );
        }
        const packet = parseRtp(bytes);
        if (packet) assert.ok(packet.payload.length <= bytes.length && packet.payloadType < 128);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  it("beginnings of files and packages, whatever they claim to be", () => {
    const magic = fc.constantFrom(
      ...[[0x47], [0x1a, 0x45, 0xdf, 0xa3], [0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9], [0x4f, 0x67, 0x67, 0x53]],
      ...["\0\0\0\x10ftypisom", "\0\0\0\x08moov", "\0\0\xff\xffmoov", "RIFF\x20\0\0\0AVI "].map((text) => [
        ...Buffer.from(text, "latin1"),
      ]),
    );
    const boxes = fc.array(
      fc.oneof(
        fc.constantFrom(
          ...["moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1", "\0\0\0\x08", "\0\0\x01\0"].map(
            (text) => [...Buffer.from(text, "latin1")],
          ),
        ),
        fc.uint8Array({ maxLength: 16 }).map((bytes) => [...bytes]),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(magic, boxes, (first, rest) => {
        const bytes = Buffer.from([...first, ...rest.flat()]);
        const contents = containerOf(bytes)?.read(bytes);
        const { width = 2, height = 2 } = contents?.media ?? {};
        assert.ok(width >= 2 && width <= 32_768 && height >= 2 && height <= 32_768);
      }),
      settings,
    );
  });

  it("playlists", () => {
    const words = [
      "#EXTM3U\n",
      "#EXT-X-STREAM-INF:",
      "BANDWIDTH=1,",
      'CODECS="avc1.42",',
      "RESOLUTION=1x1",
      "#EXT-X-MAP:URI=",
      '"a"',
      "#EXT-X-BYTERANGE:1@2\n",
      "#EXTINF:4,\n",
      "seg.ts\n",
      "#EXT-X-TARGETDURATION:",
      "9".repeat(30),
      "#EXT-X-MEDIA-SEQUENCE:",
      "\n",
      "file:///etc/passwd\n",
      "#EXT-X-ENDLIST\n",
    ];
    fc.assert(
      fc.property(nearly(...words), (text) => {
        const playlist = new HlsPlaylist();
        for (const line of text.split("\n")) playlist.add(line);
        assert.ok(Number.isFinite(playlist.targetSeconds) && playlist.targetSeconds <= 3600);
      }),
      settings,
    );
  });

  it("challenges, whose answer is one line of text", () => {
    const challenge = nearly(
      "Digest ",
      "Basic ",
      "realm=",
      '"cam"',
      "nonce=",
      '"n\\"x"',
      "qop=",
      '"auth,auth-int"',
      "algorithm=",
      "MD5",
      "SHA-256-sess",
      "stale=true",
      ", ",
      "=",
      '"',
    );
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 3 }), fc.string(), (challenges, password) => {
        const authorizer = new Authorizer({ username: "u", password });
        const header = authorizer.accept(challenges) ? authorizer.header("DESCRIBE", "rtsp://h/") : "";

        assert.match(header ?? "", /^[^\r\n\u0000]*$/);
      }),
      settings,
    );
  });

  it("URLs, which give parts that can stand in a request line, or one sentence", () => {
    const url = nearly(
      "rtsp://",
      "http://",
      "user",
      ":",
      "@",
      "/",
      "?",
      "#",
      "[::1]",
      "10.0.0.1",
      ":554",
      "%2F",
      "%",
      " ",
      "\r\n",
    );
    fc.assert(
      fc.property(url, (text) => {
        try {
          const { target, host, port } = parseStreamUrl(text);
          assert.match(target, /^[\x21-\uffff]+$/);
          assert.ok(host.length > 0 && port >= 1 && port <= 65_535);
        } catch (error) {
          assert.ok(error instanceof StreamUrlError, String(error));
        }
      }),
      settings,
    );
  });
});

describe("hostile cameras", () => {
  const flood = Buffer.alloc(60_000, 0x41);
  /** Writes as fast as the other side takes it. */
  const endless =
    (first: string, chunk: Buffer): Script =>
    (socket) => {
      socket.write(first);
      const more = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", more);
      more();
    };
  const dripping: Script = (socket) => {
    const timer = setInterval(() => socket.write("R"), 100);
    socket.on("close", () => clearInterval(timer));
  };
  const frame = Buffer.concat([Buffer.from([0x24, 9, 0xff, 0xff]), Buffer.alloc(0xffff)]);
  const describe200 = `RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: ${VIDEO_SDP.length}\r\n\r\n${VIDEO_SDP}`;
  const scripts: Record<string, Script> = {
    "silent for ever": () => {},
    "one byte a second": dripping,
    "endless garbage": endless("", flood),
    "endless headers": endless("RTSP/1.0 200 OK\r\n", Buffer.from("X-A: b\r\n".repeat(1000))),
    "one endless header": endless("RTSP/1.0 200 OK\r\nX: ", flood),
    "endless body": endless("RTSP/1.0 200 OK\r\nContent-Length: 200000\r\n\r\n", flood),
    "a flood of frames before the answer": endless("", frame),
    "a flood of frames after it": answering((request, socket) => {
      if (request.startsWith("DESCRIBE")) return describe200;
      endless("", frame)(socket);
      return undefined;
    }),
    "401 for ever": answering(
      () => 'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y", stale=true\r\n\r\n',
    ),
    "100 Continue for ever": endless("", Buffer.from("RTSP/1.0 100 Continue\r\n\r\n".repeat(500))),
    "requests of its own for ever": endless(
      "",
      Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(500)),
    ),
  };

  it("five hundred at once: each probe ends in time with a verdict, and memory does not grow with them", async () => {
    const cameras = await Promise.all(
      Object.entries(scripts).map(async ([name, script]) => ({
        name,
        camera: await ScriptedCamera.start(script),
      })),
    );
    const timeoutMs = 4000;
    const network = testNetwork();
    try {
      globalThis.gc?.();
      const before = process.memoryUsage().rss;
      const began = performance.now();
      const results = await Promise.all(
        Array.from({ length: 500 }, async (_, n) => {
          const { name, camera } = cameras[n % cameras.length] as (typeof cameras)[number];
          const result = await probe(
            camera.url("/x", "rtsp://u:p@"),
            { level: "media", timeoutMs },
            network,
            true,
          );
          assert.ok(!("notMade" in result), name);
          assert.ok(result.reason !== "ok", name);
          return result;
        }),
      );
      assert.equal(results.length, 500);
      assert.equal(network.connections.size, 0);
      // the deadline and what ends it; the cameras of this test share the machine's time with the probes
      assert.ok(performance.now() - began < 60_000);
      const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20;
      assert.ok(grownMiB < 500, `${Math.round(grownMiB)} MiB more for 500 probes and their cameras`);
    } finally {
      await Promise.all(cameras.map(({ camera }) => camera.stop()));
    }
  });

  for (const [name, script] of Object.entries(scripts)) {
    it(`${name}: ends at the deadline at the latest`, async () => {
      await withCamera(script, async (camera) => {
        const began = systemClock.elapsed();
        const result = await probe(camera.url("/x", "rtsp://u:p@"), { level: "media", timeoutMs: 1000 });
        assert.ok(!("notMade" in result) && result.reason !== "ok");
        assert.ok(systemClock.elapsed() - began < 5000, "a loaded machine is slow, but not so slow");
        assert.ok(result.message.length <= 200);
      });
    });
  }
});
