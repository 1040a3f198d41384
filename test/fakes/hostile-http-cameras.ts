import { deflateSync, gzipSync } from "node:zlib";
import type net from "node:net";
import { jpeg } from "../support/media";
import { answering, type Script } from "../support/scripted-camera";
import { ending, head, serving, streaming, type HttpFake } from "./http-fake";

/** Cameras that mean harm: each is answered in bounded time and memory, with an exact reason. */

const MULTIPART = "Content-Type: multipart/x-mixed-replace; boundary=x";

/** Sends the same piece again and again, as fast as it is taken. */
function flooding(beginning: string, piece: Buffer): Script {
  return answering((_, socket) => {
    socket.write(beginning, "latin1");
    pour(socket, piece);
    return undefined;
  });
}

function pour(socket: net.Socket, piece: Buffer): void {
  if (socket.destroyed) return;
  socket.write(piece, () => setImmediate(() => pour(socket, piece)));
}

/** One byte at a time. */
function dripping(text: string, everyMs: number): Script {
  return answering((_, socket) => {
    let at = 0;
    const timer = setInterval(() => {
      if (socket.destroyed) clearInterval(timer);
      else socket.write(text[at++ % text.length] as string, "latin1");
    }, everyMs);
    socket.on("close", () => clearInterval(timer));
    return undefined;
  });
}

const bomb = Buffer.alloc(64 * 1024 * 1024, "#EXTM3U\n");
const openScan = jpeg({ open: true });

export const HOSTILE_CAMERAS: HttpFake[] = [
  {
    name: "headers without end",
    source: "a flood",
    script: flooding("HTTP/1.1 200 OK\r\n", Buffer.alloc(16_384, "X-Pad: yes\r\n")),
    expected: "too_large: headers longer than 64 KiB",
  },
  {
    name: "a header line without end",
    source: "a flood",
    script: flooding("HTTP/1.1 200 OK\r\nX: ", Buffer.alloc(16_384, "x")),
    expected: "too_large: headers longer than 64 KiB",
  },
  {
    name: "informational answers without end",
    source: "RFC 9110 §15.2 turned round",
    script: flooding("", Buffer.from("HTTP/1.1 100 Continue\r\n\r\n".repeat(2000))),
    expected: "protocol_error: more than 10 informational answers",
  },
  {
    name: "a body without end and without a picture",
    source: "a flood",
    script: flooding(head("HTTP/1.1 200 OK", MULTIPART), Buffer.alloc(65_536, "--x\r\n\r\nno")),
    expected: "not_a_stream: HTTP 200, but no picture within 2 MiB",
  },
  {
    name: "picture beginnings without end",
    source: "a flood",
    script: flooding(
      head("HTTP/1.1 200 OK", MULTIPART),
      Buffer.alloc(65_536, Buffer.from("ffd8ffe00002", "hex")),
    ),
    expected: "not_a_stream: HTTP 200, but no picture within 2 MiB",
  },
  {
    name: "a picture without end",
    source: "a flood",
    script: flooding(
      head("HTTP/1.1 200 OK", MULTIPART) + openScan.toString("latin1"),
      Buffer.alloc(65_536, 7),
    ),
    expected: "too_large: more than 32768 KiB without a complete answer",
  },
  {
    name: "a picture of stuffed bytes without end",
    source: "the worst that can be walked",
    script: flooding(
      head("HTTP/1.1 200 OK", MULTIPART) + openScan.toString("latin1"),
      Buffer.alloc(65_536, Buffer.from("ff00", "hex")),
    ),
    expected: "too_large: more than 32768 KiB without a complete answer",
  },
  {
    name: "pictures as fast as they can come",
    source: "a flood",
    script: flooding(head("HTTP/1.1 200 OK", MULTIPART), Buffer.concat(Array<Buffer>(100).fill(jpeg()))),
    expected: "ok: HTTP 200",
  },
  {
    name: "one byte at a time",
    source: "slowloris, turned round",
    script: dripping("HTTP/1.1 200 OK\r\nX-Slow: yes\r\n", 20),
    expected: "timeout: timeout",
    timeoutMs: 600,
  },
  {
    name: "a picture one byte at a time",
    source: "slowloris, turned round",
    script: dripping(`HTTP/1.1 200 OK\r\n\r\n--x\r\n\r\n${jpeg().toString("latin1")}`, 5),
    expected: "no_media: HTTP 200, but no whole picture within 0.8 s",
    timeoutMs: 800,
  },
  {
    name: "a chunk of 16 EiB",
    source: "RFC 9112 §7.1 stretched",
    script: ending(
      head("HTTP/1.1 200 OK", MULTIPART, "Transfer-Encoding: chunked"),
      "ffffffffffffffff\r\n--x\r\nshort",
    ),
    expected: "no_media: HTTP 200, but it ended without a picture",
  },
  {
    name: "chunks of one byte without end",
    source: "RFC 9112 §7.1 stretched",
    script: flooding(
      head("HTTP/1.1 200 OK", "Content-Type: video/x-flv", "Transfer-Encoding: chunked") + "3\r\nFLV\r\n",
      Buffer.alloc(65_536 - (65_536 % 6), "1\r\nG\r\n"),
    ),
    expected: "ok: HTTP 200",
  },
  {
    name: "a picture in chunks of one byte, without end",
    source: "RFC 9112 §7.1 stretched",
    script: flooding(
      head("HTTP/1.1 200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked"),
      Buffer.alloc(65_536 - (65_536 % 6), "1\r\nG\r\n"),
    ),
    expected: "too_large: more than 65536 chunks",
  },
  {
    name: "a negative chunk",
    source: "RFC 9112 §7.1 broken",
    script: ending(
      head("HTTP/1.1 200 OK", MULTIPART, "Transfer-Encoding: chunked"),
      "5\r\n--x\r\n\r\n-5\r\nabcdefgh",
    ),
    expected: 'protocol_error: no chunk size in "·-5·abcdefgh"',
  },
  {
    name: "a chunk size without end",
    source: "RFC 9112 §7.1.1 stretched",
    script: flooding(
      head("HTTP/1.1 200 OK", "Content-Type: video/mp4", "Transfer-Encoding: chunked") + "5\r\nhello\r\n1;",
      Buffer.alloc(16_384, "x"),
    ),
    expected: 'protocol_error: no chunk size in "·1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
  },
  {
    name: "garbage",
    source: "a serial port",
    script: ending(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255))),
    expected: 'protocol_error: answer is not HTTP: "·xgVE4#·yhWF5$·zi"',
  },
  {
    name: "garbage as a picture",
    source: "a broken encoder",
    script: ending(
      head("HTTP/1.1 200 OK", "Content-Type: image/jpeg"),
      Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * i * 31) & 255)),
    ),
    expected: "no_media: HTTP 200, but it ended without a picture",
  },
  {
    name: "a playlist without end",
    source: "a flood",
    script: flooding(head("HTTP/1.1 200 OK") + "#EXTM3U\n", Buffer.alloc(65_536, "#EXTINF:2,\nsegment.ts\n")),
    expected: "too_large: HTTP 200, but playlist is larger than 1024 KiB",
  },
  {
    name: "a playlist of one line without end",
    source: "a flood",
    script: flooding(head("HTTP/1.1 200 OK") + "#EXTM3U\n#EXT-X-STREAM-INF:", Buffer.alloc(65_536, 'A="b",')),
    expected: "too_large: HTTP 200, but playlist has a line longer than 16 KiB",
  },
  {
    name: "a playlist that is a compression bomb",
    source: "RFC 9110 §8.4.1 abused",
    script: serving({ "/video": { headers: ["Content-Encoding: gzip"], body: gzipSync(bomb) } }),
    expected: "too_large: HTTP 200, but playlist is larger than 1024 KiB",
  },
  {
    name: "the same as deflate",
    source: "RFC 9110 §8.4.1 abused",
    script: serving({ "/video": { headers: ["Content-Encoding: deflate"], body: deflateSync(bomb) } }),
    expected: "too_large: HTTP 200, but playlist is larger than 1024 KiB",
  },
  {
    name: "compressed nonsense",
    source: "RFC 9110 §8.4.1 broken",
    script: serving({
      "/video": {
        type: "application/x-mpegurl",
        headers: ["Content-Encoding: gzip"],
        body: Buffer.from("#EXTM3U\n#EXT-X-VERSION:3\n"),
      },
    }),
    expected: "protocol_error: HTTP 200, but playlist is no gzip although it says so",
  },
  {
    name: "a redirect loop",
    source: "RFC 9110 §15.4",
    script: ending(head("HTTP/1.1 301 Moved Permanently", "Location: /video")),
    expected: "redirect_failed: HTTP 301: more than 3 redirects",
  },
  {
    name: "a redirect to a file",
    source: "RFC 9110 §15.4 abused",
    script: ending(head("HTTP/1.1 302 Found", "Location: file:///etc/passwd")),
    expected: "redirect_failed: HTTP 302 to an address that cannot be read",
  },
  {
    name: "a transport stream of nothing",
    source: "a flood",
    script: flooding(
      head("HTTP/1.1 200 OK", "Content-Type: video/mp2t"),
      Buffer.concat(Array.from({ length: 100 }, () => Buffer.alloc(188, Buffer.from("471fff10", "hex")))),
    ),
    expected: "ok: HTTP 200",
  },
  {
    name: "an MP4 whose boxes lie about their sizes",
    source: "ISO/IEC 14496-12 §4.2 abused",
    script: streaming(
      head("HTTP/1.1 200 OK", "Content-Type: video/mp4"),
      Buffer.from("0000001066747970ffffffffffffffff000000016d6f6f76ffffffffffffffff".repeat(40), "hex"),
    ),
    expected: "ok: HTTP 200",
  },
];
