import { jpeg } from "../support/media";
import { bytes, chunks, ending, head, streaming, type HttpFake } from "./http-fake";

/** MJPEG as devices frame it. All that they have in common is the pictures. */

const PICTURE = jpeg({ width: 640, height: 480 });
const SEEN = { codec: "mjpeg", width: 640, height: 480, keyframe: true };
const OK = "ok: HTTP 200";
const LENGTH = `Content-Length: ${PICTURE.length}`;

function replaced(boundary: string, ...more: string[]): string {
  return head("HTTP/1.1 200 OK", `Content-Type: multipart/x-mixed-replace;${boundary}`, ...more);
}

function part(line: string, ...headers: string[]): Buffer {
  return bytes(`${[line, "Content-Type: image/jpeg", ...headers].join("\r\n")}\r\n\r\n`, PICTURE, "\r\n");
}

const rows: Omit<HttpFake, "media">[] = [
  {
    name: "Axis: as the book says",
    source: "Axis HTTP API §5.2.7 (manual of the 250S)",
    script: streaming(replaced("boundary=myboundary"), part("--myboundary", LENGTH), "--myboundary\r\n"),
    expected: OK,
  },
  {
    name: "Axis: parts that tell progress before the first picture",
    source: "Axis DVR API, keepalive=yes (manual of the 250S, page 52)",
    script: streaming(
      replaced("boundary=myboundary"),
      "--myboundary\r\nx-axis-dvr-search-progress-percent: 50\r\nContent-Type: text/plain\r\n\r\nsearchsourceframe=1\r\n",
      part("--myboundary", LENGTH),
    ),
    expected: OK,
  },
  {
    name: "Sony SNC-EB640, Panasonic HE40: the boundary in the header has the two hyphens already",
    source: "github.com/janakj/py-mjpeg/pull/2, github.com/scottlamb/multipart-stream-rs/pull/2",
    script: streaming(replaced(" boundary=--myboundary"), part("--myboundary", LENGTH)),
    expected: OK,
  },
  {
    name: "AVTECH: the boundary is quoted",
    source: "github.com/legege/node-mjpeg-proxy/pull/1",
    script: streaming(replaced(' boundary="--myboundary"'), part("--myboundary", LENGTH)),
    expected: OK,
  },
  {
    name: "motion 4.0: one boundary in the header, another one in the stream, a padded length",
    source: "github.com/motioneye-project/motioneye/issues/733",
    script: streaming(
      replaced(" boundary=BoundaryString"),
      part("----BoundaryString", `Content-Length:     ${PICTURE.length}`),
    ),
    expected: OK,
  },
  {
    name: "mjpg-streamer: HTTP/1.0, X-Timestamp",
    source: "mjpg-streamer output_http",
    script: streaming(
      head("HTTP/1.0 200 OK", "Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross"),
      part("--boundarydonotcross", LENGTH, "X-Timestamp: 6997.869066"),
    ),
    expected: OK,
  },
  {
    name: "ESP32-CAM before 2020: headers and picture first, the boundary behind them, all in chunks",
    source: "github.com/espressif/arduino-esp32/pull/3720",
    script: streaming(
      replaced("boundary=123456789000000000000987654321", "Transfer-Encoding: chunked"),
      chunks(
        `Content-Type: image/jpeg\r\n${LENGTH}\r\n\r\n`,
        PICTURE,
        "\r\n--123456789000000000000987654321\r\n",
      ),
    ),
    expected: OK,
  },
  {
    name: "ESP32-CAM: a picture over many chunks",
    source: "esp32-camera's httpd_resp_send_chunk",
    script: streaming(
      replaced("boundary=frame", "Transfer-Encoding: chunked"),
      chunks("--frame\r\n\r\n", PICTURE.subarray(0, 100), PICTURE.subarray(100, 101), PICTURE.subarray(101)),
    ),
    expected: OK,
  },
  {
    name: "Tasmota: the first part's headers stand in the answer's own",
    source: "github.com/arendst/Tasmota/issues/12376",
    script: streaming(replaced("boundary=e8b8c539", "Content-Type: image/jpeg", LENGTH), PICTURE),
    expected: OK,
  },
  {
    name: "Foscam G2: each boundary twice",
    source: "github.com/AlexxIT/go2rtc/issues/1258",
    script: streaming(replaced("boundary=ThisString"), "--ThisString\r\n", part("--ThisString", LENGTH)),
    expected: OK,
  },
  {
    name: "Mobotix T25: parts without a length",
    source: "github.com/AlexxIT/go2rtc/issues/1833",
    script: streaming(replaced("boundary=MOBOTIX_Fast_Serverpush"), part("--MOBOTIX_Fast_Serverpush")),
    expected: OK,
  },
  {
    name: "ffmpeg -f mpjpeg: neither lengths nor a media type",
    source: "github.com/ArduPilot/MissionPlanner/issues/3604",
    script: streaming(head("HTTP/1.1 200 OK"), part("--ffmpeg")),
    expected: OK,
  },
  {
    name: "D-Link DCS-930: a length that is too short",
    source: "github.com/sarxos/webcam-capture/pull/441",
    script: streaming(replaced("boundary=--video"), part("--video", "Content-Length: 5", "X-Status: 0")),
    expected: OK,
  },
  {
    name: "lengths that are none",
    source: "github.com/mylisabox/flutter_mjpeg/issues/41",
    script: streaming(
      replaced("boundary=x", "Content-Length: -1"),
      part("--x", "Content-Length: 4294967295999999999"),
    ),
    expected: OK,
  },
  {
    name: "a stream that says it is 1 byte long",
    source: "RFC 9112 §6.3 turned round",
    script: streaming(replaced("boundary=x", "Content-Length: 1"), part("--x")),
    expected: OK,
  },
  {
    name: "Viseron: no line end behind the boundary",
    source: "github.com/roflcoopter/viseron/pull/355",
    script: streaming(
      replaced("boundary=--jpgboundary"),
      bytes(`--jpgboundaryContent-type: image/jpeg\r\nContent-length: ${PICTURE.length}\r\n\r\n`, PICTURE),
    ),
    expected: OK,
  },
  {
    name: "IQinVision: parts without a picture while nothing moves",
    source: "IQeye reference manual §6.6",
    script: streaming(
      head("HTTP/1.0 200 OK", "Content-Type: multipart/x-mixed-replace; boundary=--ImageSeparator"),
      "--ImageSeparator\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\nPragma: trigger=none\r\n\r\n",
      part("--ImageSeparator", LENGTH),
    ),
    expected: OK,
  },
  {
    name: "ITV Intellect: multipart/mixed, with XML before the pictures",
    source: "Axxon Intellect web server API (docs.axxonsoft.com)",
    script: streaming(
      head("HTTP/1.0 200 OK", "Content-Type: multipart/mixed;boundary=videoframe"),
      "--videoframe\r\nContent-Type: text/xml\r\nContent-Length: 138\r\n\r\n<video_in><newstate>started</newstate></video_in\r\n ",
      part("--videoframe", LENGTH, "X-Width: 320"),
    ),
    expected: OK,
  },
  {
    name: "a preamble, and a boundary with a space",
    source: "RFC 2046 §5.1.1",
    script: streaming(
      replaced(' boundary="video boundary"'),
      "This is a message for programs that know no multipart.\r\n\r\n",
      part("--video boundary"),
    ),
    expected: OK,
  },
  {
    name: "no boundary parameter at all, LF alone",
    source: "github.com/ArduPilot/MissionPlanner/pull/3603",
    script: streaming(
      "HTTP/1.0 200 OK\nContent-Type: multipart/x-mixed-replace\n\n",
      bytes("--b\nContent-type: image/jpeg\n\n", PICTURE),
    ),
    expected: OK,
  },
  {
    name: "a status line of SHOUTcast",
    source: "SHOUTcast 1 protocol",
    script: streaming(head("ICY 200 OK", "Content-Type: multipart/x-mixed-replace; boundary=x"), part("--x")),
    expected: OK,
  },
  {
    name: "pictures and nothing between them",
    source: "servers of video/x-motion-jpeg",
    script: streaming(head("HTTP/1.0 200 OK", "Content-Type: video/x-motion-jpeg"), "\r\n", PICTURE, PICTURE),
    expected: OK,
  },
  {
    name: "Node.js servers: chunks with extensions and leading zeros",
    source: "RFC 9112 §7.1.1, github.com/psanford/node-mjpeg-test-server/issues/1",
    script: streaming(
      replaced("boundary=x", "Transfer-Encoding: chunked"),
      bytes(`000${PICTURE.length.toString(16).toUpperCase()} ;name="a;b"\r\n`, PICTURE, "\r\n"),
    ),
    expected: OK,
  },
  {
    name: "chunks that are announced and not made",
    source: "RFC 9112 §6.1 turned round",
    script: streaming(replaced("boundary=x", "Transfer-Encoding: chunked"), part("--x")),
    expected: OK,
  },
  {
    name: "sound in which pictures seem to begin",
    source: "sound and pictures in one multipart stream",
    script: streaming(
      replaced("boundary=x"),
      bytes(
        "--x\r\nContent-Type: audio/basic\r\n\r\n",
        Buffer.from("ffd8ff0012ffd8ffe0", "hex"),
        "\0\x01\x00",
      ),
      part("--x"),
    ),
    expected: OK,
  },
  {
    name: "Centauri: an encoder that sends nothing",
    source: "github.com/OpenCentauri/cc-fw-tools/issues/108",
    script: streaming(replaced(" boundary=--foo", "Expires: Thu, %d %d %d %d:%d:%d GMT")),
    expected: "no_media: HTTP 200, but no data within 0.2 s",
    timeoutMs: 200,
  },
  {
    name: "a boundary, and then nothing",
    source: "a hanging encoder",
    script: streaming(replaced("boundary=x"), "--x\r\nContent-Type: image/jpeg\r\n\r\n"),
    expected: "no_media: HTTP 200, but no whole picture within 0.2 s",
    timeoutMs: 200,
  },
  {
    name: "a picture that breaks off",
    source: "a camera that restarts",
    script: ending(replaced("boundary=x"), part("--x").subarray(0, 400)),
    expected: "no_media: HTTP 200, but the picture breaks off",
  },
  {
    name: "messages only",
    source: "ITV Intellect, newstate closed",
    script: ending(
      replaced("boundary=x"),
      "--x\r\nContent-Type: text/xml\r\n\r\n<errcode>103</errcode>\r\n--x--\r\n",
    ),
    expected: "no_media: HTTP 200, but it ended without a picture",
  },
  {
    name: "a login page under the stream's own type",
    source: "cameras behind a portal",
    script: ending(replaced("boundary=x"), "<!DOCTYPE html><html></html>"),
    expected: "not_a_stream: HTTP 200, but it is a web page",
  },
];

export const MJPEG_CAMERAS: HttpFake[] = rows.map((row) =>
  row.expected === OK ? { ...row, media: SEEN } : row,
);
