import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { certificate } from "../support/fixtures";
import { probe, verdict } from "../support/probing";
import { answering, ScriptedCamera, withCamera, type Script } from "../support/scripted-camera";

const JPEG = Buffer.from("ffd8ffe000104a46494600", "hex").toString("latin1");

function http(status: string, type: string | undefined, body: string, headers = ""): Buffer {
  const contentType = type === undefined ? "" : `Content-Type: ${type}\r\n`;
  return Buffer.from(`HTTP/1.1 ${status}\r\n${contentType}${headers}\r\n${body}`, "latin1");
}

const MULTIPART = "multipart/x-mixed-replace; boundary=frame";

const cameras: [name: string, script: Script, expected: string][] = [
  [
    "MJPEG",
    answering(() => http("200 OK", MULTIPART, `--frame\r\nContent-Type: image/jpeg\r\n\r\n${JPEG}`)),
    "ok: HTTP 200",
  ],
  [
    "MJPEG without a type",
    answering(() => http("200 OK", undefined, `\r\n--frame\r\n\r\n${JPEG}`)),
    "ok: HTTP 200",
  ],
  [
    "MJPEG in chunks",
    answering(() =>
      http("200 OK", MULTIPART, `1c\r\n--frame\r\nContent-Length: 9\r\n`, "Transfer-Encoding: chunked\r\n"),
    ),
    "ok: HTTP 200",
  ],
  ["a snapshot", answering(() => http("200 OK", "image/jpeg", JPEG)), "ok: HTTP 200"],
  [
    "a playlist",
    answering(() => http("200 OK", "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-VERSION:3\n")),
    "ok: HTTP 200",
  ],
  [
    "a playlist that is HTML",
    answering(() => http("200 OK", "application/x-mpegURL", "<!DOCTYPE html><html></html>")),
    "not_a_stream: HTTP 200, but playlist is HTML",
  ],
  [
    "a playlist that is something else",
    answering(() => http("200 OK", "application/x-mpegURL", '{"error":1}')),
    'not_a_stream: HTTP 200, but playlist begins with "{\\"error\\":1}"',
  ],
  [
    "MP4 as octet-stream",
    answering(() => http("200 OK", "application/octet-stream", "\0\0\0\x20ftypisom")),
    "ok: HTTP 200",
  ],
  [
    "a web page",
    answering(() => http("200 OK", "text/html", "<html><body>Login</body></html>")),
    "not_a_stream: HTTP 200, but it is a web page",
  ],
  [
    "JSON",
    answering(() => http("200 OK", "application/json", '{"error":"no"}')),
    "not_a_stream: HTTP 200, but it is application/json",
  ],
  [
    "sound alone",
    answering(() => http("200 OK", "audio/mpeg", "ID3\x04aaaaaa")),
    "no_video: HTTP 200, but it is audio/mpeg",
  ],
  [
    "an empty body",
    answering((_, socket) => void socket.end(http("200 OK", MULTIPART, ""))),
    "no_media: HTTP 200, but no data",
  ],
  [
    "an answer in two parts",
    answering(
      () => "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\nJFIFJFIF",
    ),
    "ok: HTTP 200",
  ],
  [
    "HTTP/1.0 with LF",
    answering(() => "HTTP/1.0 200 OK\nContent-Type: image/jpeg\n\nJFIFJFIF"),
    "ok: HTTP 200",
  ],
  ["401", answering(() => http("401 Unauthorized", undefined, "")), "auth_required: HTTP 401"],
  ["403", answering(() => http("403 Forbidden", undefined, "")), "forbidden: HTTP 403"],
  ["404", answering(() => http("404 Not Found", undefined, "")), "wrong_path: HTTP 404"],
  ["410", answering(() => http("410 Gone", undefined, "")), "wrong_path: HTTP 410"],
  ["418", answering(() => http("418 Teapot", undefined, "")), "protocol_error: HTTP 418"],
  ["500", answering(() => http("500 Oops", undefined, "")), "server_error: HTTP 500"],
  [
    "an RTSP server",
    answering(() => "RTSP/1.0 400 Bad Request\r\n\r\n"),
    'protocol_error: answer is not HTTP: "RTSP/1.0 400 Bad Request·"',
  ],
  [
    "a redirect loop",
    answering(() => http("302 Found", undefined, "", "Location: again\r\n")),
    "redirect_failed: HTTP 302: more than 3 redirects",
  ],
  [
    "a redirect to a file",
    answering(() => http("302 Found", undefined, "", "Location: file:///etc/passwd\r\n")),
    "redirect_failed: HTTP 302 to an address that cannot be read",
  ],
  [
    "endless headers",
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"X-Pad: yes\r\n".repeat(9000)}`),
    "too_large: headers longer than 64 KiB",
  ],
];

describe("the HTTP prober", () => {
  for (const [name, script, expected] of cameras) {
    it(`${name}: ${expected}`, async () => {
      await withCamera(script, async (camera) => {
        assert.equal(await verdict(camera.url("/video", "http://")), expected);
      });
    });
  }

  it("sends one exact GET", async () => {
    await withCamera(
      answering(() => http("200 OK", "image/jpeg", "JFIFJFIF")),
      async (camera) => {
        await probe(camera.url("/video.mjpg?x=1", "http://"));
        assert.equal(
          camera.received,
          `GET /video.mjpg?x=1 HTTP/1.1\r\nHost: 127.0.0.1:${camera.port}\r\nUser-Agent: StreamPulse\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
        );
      },
    );
  });

  it("a stream that begins and brings nothing: no_media", async () => {
    await withCamera(
      answering(() => http("200 OK", MULTIPART, "")),
      async (camera) => {
        const expected = "no_media: HTTP 200, but no data within 0.15 s";
        assert.equal(await verdict(camera.url("/", "http://"), { timeoutMs: 150 }), expected);
      },
    );
  });

  it("answers Digest and Basic with what the URL holds, once", async () => {
    for (const challenge of ['Digest realm="cam", nonce="n", qop="auth"', 'Basic realm="cam"']) {
      const refusing = answering(() => http("401 No", undefined, "", `WWW-Authenticate: ${challenge}\r\n`));
      await withCamera(refusing, async (camera) => {
        assert.equal(await verdict(camera.url("/", "http://viewer:pw@")), "auth_failed: HTTP 401");
        assert.equal(camera.received.match(/^Authorization: (Digest|Basic) /gm)?.length, 1);
      });
    }
  });

  it("never quotes a host that a redirect named", async () => {
    const inner = await ScriptedCamera.start(answering(() => "SSH-2.0-secret banner\r\n"));
    const redirect = answering(() =>
      http("302 Found", undefined, "", `Location: http://localhost:${inner.port}/\r\n`),
    );
    await withCamera(redirect, async (camera) => {
      assert.equal(
        await verdict(camera.url("/", "http://")),
        `protocol_error: answer is not HTTP: from localhost:${inner.port}`,
      );
    });
    await inner.stop();
  });

  it("never sends credentials from https to http", async () => {
    const plain = await ScriptedCamera.start(
      answering(() => http("401 No", undefined, "", 'WWW-Authenticate: Basic realm="cam"\r\n')),
    );
    const redirect = answering(() =>
      http("302 Found", undefined, "", `Location: ${plain.url("/", "http://")}\r\n`),
    );
    const secure = await ScriptedCamera.start(redirect, certificate("valid"));
    try {
      assert.equal(await verdict(secure.url("/", "https://viewer:pw@")), "auth_required: HTTP 401");
      assert.ok(!plain.received.includes("Authorization"));
    } finally {
      await Promise.all([plain.stop(), secure.stop()]);
    }
  });
});
