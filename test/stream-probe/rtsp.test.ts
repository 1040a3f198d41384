import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { certificate } from "../support/fixtures";
import { probe, testNetwork, verdict } from "../support/probing";
import {
  answering,
  describeOk,
  rtsp,
  ScriptedCamera,
  VIDEO_SDP,
  withCamera,
  type Script,
} from "../support/scripted-camera";

/** What each of these cameras makes of a DESCRIBE, in the words that people and v2.2 know. */
const cameras: [name: string, script: Script, expected: string][] = [
  ["a camera that is fine", answering(describeOk), "ok: RTSP 200"],
  ["400", answering((r) => rtsp(r, "400 Nope")), "protocol_error: RTSP 400 Bad Request"],
  [
    "401 without credentials in the URL",
    answering((r) => rtsp(r, "401 Go away")),
    "auth_required: RTSP 401 Unauthorized",
  ],
  ["403", answering((r) => rtsp(r, "403 Forbidden")), "forbidden: RTSP 403 Forbidden"],
  ["404", answering((r) => rtsp(r, "404 Stream Not Found")), "wrong_path: RTSP 404 Not Found"],
  [
    "453",
    answering((r) => rtsp(r, "453 Not Enough Bandwidth")),
    "session_limit: RTSP 453 Not Enough Bandwidth",
  ],
  ["454", answering((r) => rtsp(r, "454 Session Not Found")), "session_limit: RTSP 454 Session Not Found"],
  [
    "500",
    answering((r) => rtsp(r, "500 Internal Server Error")),
    "server_error: RTSP 500 Internal Server Error",
  ],
  ["599", answering((r) => rtsp(r, "599 Whatever")), "server_error: RTSP 599"],
  [
    "a web server on the port",
    answering(() => "HTTP/1.1 400 Bad Request\r\n\r\n"),
    'protocol_error: answer is not RTSP: "HTTP/1.1 400 Bad Request·"',
  ],
  ["garbage", answering(() => "\u0001\u0002garbage"), 'protocol_error: answer is not RTSP: "·garbage"'],
  [
    "a camera that closes at once",
    (socket) => socket.end(),
    "connection_closed: connection closed by ADDRESS without an answer",
  ],
  [
    "a camera that resets",
    answering((_, socket) => void socket.resetAndDestroy()),
    "connection_closed: connection reset by ADDRESS",
  ],
  [
    "a camera that closes within the headers",
    answering((_, socket) => void socket.end("RTSP/1.0 200 OK\r\nCSeq: 1\r\n")),
    "connection_closed: connection closed within the headers",
  ],
  [
    "a description that breaks off",
    answering((_, socket) => void socket.end("RTSP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nv=0\r\n")),
    "connection_closed: connection closed within the session description",
  ],
  [
    "200 without a description",
    answering((r) => rtsp(r, "200 OK")),
    'not_a_stream: RTSP 200, but no session description: ""',
  ],
  [
    "audio alone",
    answering((r) => rtsp(r, "200 OK", {}, "v=0\r\nm=audio 0 RTP/AVP 0\r\n")),
    "no_video: RTSP 200, but no video track (audio only)",
  ],
  [
    "a description without tracks",
    answering((r) => rtsp(r, "200 OK", {}, "v=0\r\ns=x\r\n")),
    "no_video: RTSP 200, but no video track (nothing only)",
  ],
  [
    "a negative length",
    answering(() => "RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n"),
    'protocol_error: Content-Length is "-5"',
  ],
  [
    "a giant length",
    answering(() => "RTSP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
    "too_large: session description of 99999999999 bytes",
  ],
  [
    "endless headers",
    (socket) => void socket.write(`RTSP/1.0 200 OK\r\n${"X-Pad: yes\r\n".repeat(9000)}`),
    "too_large: headers longer than 64 KiB",
  ],
  [
    "LF line ends",
    answering(() => `RTSP/1.0 200 OK\nCSeq: 1\nContent-Length: ${VIDEO_SDP.length}\n\n${VIDEO_SDP}`),
    "ok: RTSP 200",
  ],
  [
    "another CSeq",
    answering(() => `RTSP/1.0 200 OK\r\nCSeq: 77\r\nContent-Length: ${VIDEO_SDP.length}\r\n\r\n${VIDEO_SDP}`),
    "ok: RTSP 200",
  ],
  [
    "frames before the answer",
    answering((r) =>
      Buffer.concat([Buffer.from([36, 0, 0, 3, 1, 2, 3]), Buffer.from("\r\n"), Buffer.from(describeOk(r))]),
    ),
    "ok: RTSP 200",
  ],
  [
    "no Content-Length",
    answering(() => `RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\n\r\n${VIDEO_SDP}`),
    "ok: RTSP 200",
  ],
  [
    "a redirect to nowhere",
    answering((r) => rtsp(r, "302 Found")),
    "redirect_failed: RTSP 302 without a Location",
  ],
  [
    "a redirect to the web",
    answering((r) => rtsp(r, "302 Found", { Location: "http://127.0.0.1/" })),
    "redirect_failed: RTSP 302 to another protocol (http)",
  ],
  [
    "a redirect to a file",
    answering((r) => rtsp(r, "302 Found", { Location: "file:///etc/passwd" })),
    "redirect_failed: RTSP 302 to an address that cannot be read",
  ],
  [
    "a redirect loop",
    answering((r) => rtsp(r, "302 Found", { Location: "/again" })),
    "redirect_failed: RTSP 302: more than 3 redirects",
  ],
];

describe("the RTSP prober", () => {
  for (const [name, script, expected] of cameras) {
    it(`${name}: ${expected}`, async () => {
      await withCamera(script, async (camera) => {
        assert.equal(
          await verdict(camera.url("/live")),
          expected.replace("ADDRESS", `127.0.0.1:${camera.port}`),
        );
      });
    });
  }

  it("sends one exact DESCRIBE", async () => {
    await withCamera(answering(describeOk), async (camera) => {
      await probe(`rtsp://127.0.0.1:${camera.port}/live?channel=1`);
      assert.equal(
        camera.received,
        `DESCRIBE rtsp://127.0.0.1:${camera.port}/live?channel=1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: StreamPulse\r\nAccept: application/sdp\r\n\r\n`,
      );
    });
  });

  it("says how long each step took, in its order", async () => {
    await withCamera(answering(describeOk), async (camera) => {
      const result = await probe(camera.url());
      assert.ok(!("notMade" in result));
      const { connectMs, answerMs, ...others } = result.timings;
      assert.deepEqual(others, {});
      assert.ok(connectMs !== undefined && connectMs >= 0 && answerMs !== undefined && answerMs >= 0);
      assert.ok(result.latencyMs !== null && result.latencyMs >= connectMs);
    });
  });

  describe("credentials", () => {
    const md5 = (text: string) => createHash("md5").update(text).digest("hex");
    const guarded = (username: string, password: string, challenge: string, close = false) =>
      answering((request, socket) => {
        const sent = /^Authorization: (.*)$/im.exec(request)?.[1];
        const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(sent ?? "")?.[1] ?? "";
        const ha1 = md5(`${username}:${field("realm")}:${password}`);
        const expected = md5(`${ha1}:${field("nonce")}:${md5(`DESCRIBE:${field("uri")}`)}`);
        const basic = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
        if (sent === basic || (sent?.startsWith("Digest") && field("response") === expected))
          return describeOk(request);
        const answer = rtsp(request, "401 Unauthorized", { "WWW-Authenticate": challenge });
        if (!close) return answer;
        socket.end(answer);
        return undefined;
      });
    const digest = 'Digest realm="cam", nonce="abc"';

    it("answers Digest with what the URL holds", async () => {
      await withCamera(guarded("viewer", "p@ss", digest), async (camera) => {
        assert.equal(await verdict(camera.url("/live", "rtsp://viewer:p@ss@")), "ok: RTSP 200");
        assert.equal(camera.connections, 1);
        assert.ok(!camera.received.includes("p@ss"));
      });
    });

    it("answers Basic", async () => {
      await withCamera(guarded("viewer", "pw", 'Basic realm="cam"'), async (camera) => {
        assert.equal(await verdict(camera.url("/live", "rtsp://viewer:pw@")), "ok: RTSP 200");
      });
    });

    it("connects again when the camera closes behind its 401", async () => {
      await withCamera(guarded("viewer", "pw", digest, true), async (camera) => {
        assert.equal(await verdict(camera.url("/live", "rtsp://viewer:pw@")), "ok: RTSP 200");
        assert.equal(camera.connections, 2);
      });
    });

    it("sends wrong ones once and says that they were refused", async () => {
      await withCamera(guarded("viewer", "right", digest), async (camera) => {
        const result = await probe(camera.url("/live", "rtsp://viewer:wrong@"));
        assert.ok(!("notMade" in result));
        assert.deepEqual(
          [result.reason, result.message, result.credentialsRefused],
          ["auth_failed", "RTSP 401 Unauthorized", true],
        );
        assert.equal(camera.received.match(/^Authorization/gm)?.length, 1);
      });
    });

    it("withholds them when asked to, and still calls it auth_failed", async () => {
      await withCamera(guarded("viewer", "right", digest), async (camera) => {
        const url = camera.url("/live", "rtsp://viewer:right@");
        assert.equal(await verdict(url, { withholdCredentials: true }), "auth_failed: RTSP 401 Unauthorized");
        assert.ok(!camera.received.includes("Authorization"));
      });
    });

    it("does not send them to another host", async () => {
      await withCamera(guarded("viewer", "pw", digest), async (camera) => {
        const elsewhere = answering((r) =>
          rtsp(r, "302 Found", { Location: `rtsp://localhost:${camera.port}/live` }),
        );
        await withCamera(elsewhere, async (redirecting) => {
          const url = redirecting.url("/live", "rtsp://viewer:pw@");
          assert.equal(await verdict(url), "auth_required: RTSP 401 Unauthorized");
          assert.ok(!camera.received.includes("Authorization"));
        });
      });
    });

    it("follows a redirect on the same host with them", async () => {
      await withCamera(guarded("viewer", "pw", digest), async (camera) => {
        const redirect = answering((r) => rtsp(r, "301 Moved", { Location: camera.url("/new") }));
        await withCamera(redirect, async (redirecting) => {
          assert.equal(await verdict(redirecting.url("/old", "rtsp://viewer:pw@")), "ok: RTSP 200");
        });
      });
    });
  });

  describe("the deadline", () => {
    const silent: Script = () => {};
    it("a camera that says nothing: timeout, in v2.2's word", async () => {
      await withCamera(silent, async (camera) => {
        assert.equal(await verdict(camera.url(), { timeoutMs: 100 }), "timeout: timeout");
      });
    });

    it("a description that never ends names what is missing", async () => {
      await withCamera(
        answering(() => "RTSP/1.0 200 OK\r\nContent-Length: 99\r\n\r\nv=0"),
        async (camera) => {
          const expected = "timeout: timeout: no complete session description within 0.2 s";
          assert.equal(await verdict(camera.url(), { timeoutMs: 200 }), expected);
        },
      );
    });

    it("one byte at a time does not prolong it", async () => {
      const dripping: Script = (socket) => {
        const timer = setInterval(() => socket.write("R"), 20);
        socket.on("close", () => clearInterval(timer));
      };
      await withCamera(dripping, async (camera) => {
        const began = performance.now();
        const text = await verdict(camera.url(), { timeoutMs: 300 });
        assert.match(text, /^(timeout: timeout|protocol_error: answer is not RTSP: "R+")$/);
        assert.ok(performance.now() - began < 3000);
      });
    });

    it("holds while the name server is silent", async () => {
      const network = testNetwork(() => sleep(60_000, [], { ref: false }));
      const result = await probe("rtsp://camera.test/", { timeoutMs: 100 }, network);
      assert.ok(!("notMade" in result));
      assert.deepEqual([result.reason, result.latencyMs, result.timings], ["timeout", null, {}]);
    });
  });

  describe("the way there", () => {
    it("a port that nobody listens on: connect_refused", async () => {
      const camera = await ScriptedCamera.start(() => {});
      await camera.stop();
      const expected = `connect_refused: connection refused by 127.0.0.1:${camera.port}`;
      assert.equal(await verdict(camera.url()), expected);
    });

    it("a name that does not exist: dns_failed", async () => {
      const network = testNetwork(() =>
        Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })),
      );
      const result = await probe("rtsp://camera.test/", {}, network);
      assert.ok(!("notMade" in result));
      assert.deepEqual(
        [result.reason, result.message],
        ["dns_failed", "camera.test could not be resolved (ENOTFOUND)"],
      );
    });

    it("tries all addresses of a name", async () => {
      await withCamera(answering(describeOk), async (camera) => {
        const addresses = [
          { address: "::1", family: 6 },
          { address: "127.0.0.1", family: 4 },
        ];
        const result = await probe(
          `rtsp://camera.test:${camera.port}/`,
          {},
          testNetwork(() => Promise.resolve(addresses)),
        );
        assert.ok(!("notMade" in result));
        assert.deepEqual([result.reason, typeof result.timings.dnsMs], ["ok", "number"]);
      });
    });
  });

  describe("rtsps", () => {
    const secure = async (name: "valid" | "expired", tlsVerify: boolean) => {
      const camera = await ScriptedCamera.start(answering(describeOk), certificate(name));
      try {
        const result = await probe(camera.url("/", "rtsps://"), { tlsVerify });
        assert.ok(!("notMade" in result));
        return { said: `${result.reason}: ${result.message}`.replace(String(camera.port), "PORT"), result };
      } finally {
        await camera.stop();
      }
    };

    it("takes a self-signed certificate, and shows what TLS took", async () => {
      const { said, result } = await secure("valid", false);
      assert.equal(said, "ok: RTSP 200");
      assert.ok((result.timings.tlsMs ?? -1) >= 0);
    });

    it("refuses it with tls_verify", async () => {
      const { said } = await secure("valid", true);
      assert.equal(
        said,
        "tls_failed: certificate of 127.0.0.1:PORT is not trusted: depth zero self signed cert",
      );
    });

    it("an expired one is degraded, though the stream is there", async () => {
      const { said } = await secure("expired", false);
      assert.equal(said, "tls_expired: RTSP 200, certificate expired");
    });

    it("a camera without TLS on the port: tls_failed", async () => {
      await withCamera(answering(describeOk), async (camera) => {
        assert.match(
          await verdict(camera.url("/", "rtsps://"), { timeoutMs: 500 }),
          /^(tls_failed: TLS with|timeout: )/,
        );
      });
      const plain: Script = (socket) =>
        socket.once("data", () => socket.write("RTSP/1.0 400 Bad Request\r\n\r\n"));
      await withCamera(plain, async (camera) => {
        assert.match(
          await verdict(camera.url("/", "rtsps://")),
          /^tls_failed: TLS with 127\.0\.0\.1:\d+ failed: /,
        );
      });
    });
  });
});
