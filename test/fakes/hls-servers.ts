import { gzipSync } from "node:zlib";
import { fragmentedMp4, media } from "../support/media";
import { serving, streaming, head, type HttpFake } from "./http-fake";

/** HLS (RFC 8216) as packagers write it. */

const TS = media("h264-aac.mpegts");
const { init: INIT, segment: FRAGMENT } = fragmentedMp4();
const H264 = { codec: "h264", width: 64, height: 48, fps: 10 };
const TS_MEDIA = { ...H264, audioCodec: "aac", keyframe: true };
const M3U8 = "application/vnd.apple.mpegurl";

/** A live media playlist. */
export function live(...lines: string[]): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:3",
    "#EXT-X-TARGETDURATION:2",
    "#EXT-X-MEDIA-SEQUENCE:7",
    ...lines,
    "",
  ].join("\n");
}

const SEGMENTS = ["#EXTINF:2,", "6.ts", "#EXTINF:2,", "7.ts"];

/** A playlist under /video whose newest segment is /7.ts. */
function segmented(segment: Parameters<typeof serving>[0][string]): HttpFake["script"] {
  return serving({ "/video": { type: M3U8, body: live(...SEGMENTS) }, "/7.ts": segment });
}

function playlist(body: string | Buffer, type = M3U8, ...headers: string[]): HttpFake["script"] {
  return serving({ "/video": { type, headers, body }, "/7.ts": TS });
}

export const HLS_SERVERS: HttpFake[] = [
  {
    name: "the newest segment is a transport stream",
    source: "RFC 8216 §3.2",
    script: segmented(TS),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "a master playlist whose first variant is sound alone",
    source: "RFC 8216 §4.3.4.2",
    script: serving({
      "/video": {
        type: M3U8,
        body: [
          "#EXTM3U",
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x, y",URI="a.m3u8"',
          '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"',
          '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"',
          "a.m3u8",
          '#EXT-X-STREAM-INF:BANDWIDTH=1280000,RESOLUTION=1280x720,FRAME-RATE=29.970,CODECS="avc1.64001f,mp4a.40.2"',
          "v/media.m3u8?token=a,b&x=%2F",
        ].join("\n"),
      },
      "/v/media.m3u8?token=a,b&x=%2F": { type: M3U8, body: live("#EXTINF:2,", "../7.ts") },
      "/7.ts": { headers: ["Content-Type: text/html"], body: TS },
    }),
    expected: "ok: HTTP 200",
    media: { ...TS_MEDIA, bitrate: 1_280_000 },
  },
  {
    name: "fragments of MP4 with an initialization section",
    source: "RFC 8216 §4.3.2.5",
    script: serving({
      "/video": { body: live('#EXT-X-MAP:URI="init.mp4"', "#EXTINF:2,", "7.m4s") },
      "/init.mp4": INIT,
      "/7.m4s": FRAGMENT,
    }),
    expected: "ok: HTTP 200",
    media: H264,
  },
  {
    name: "byte ranges of one file, the second without a place of its own",
    source: "RFC 8216 §4.3.2.2",
    script: serving({
      "/video": live(
        "#EXTINF:2,",
        "#EXT-X-BYTERANGE:188@0",
        "all.ts",
        "#EXTINF:2,",
        "#EXT-X-BYTERANGE:7520",
        "all.ts",
      ),
      "/all.ts": (request) =>
        request.includes("Range: bytes=188-7707\r\n")
          ? { status: "206 Partial Content", body: TS.subarray(188, 7708) }
          : { status: "416 Range Not Satisfiable" },
    }),
    expected: "ok: HTTP 200",
  },
  {
    name: "MediaMTX: low latency, parts and hints beside the segments",
    source: "RFC 8216bis §4.4.4.9, §4.4.5.3; github.com/bluenviron/mediamtx",
    script: serving({
      "/video": live(
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.5",
        "#EXT-X-PART-INF:PART-TARGET=0.2",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXT-X-GAP",
        "#EXTINF:2,",
        "gap.mp4",
        "#EXTINF:2,",
        "7.mp4",
        '#EXT-X-PART:DURATION=0.2,URI="part8.mp4",INDEPENDENT=YES',
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part9.mp4"',
      ),
      "/init.mp4": INIT,
      "/7.mp4": FRAGMENT,
    }),
    expected: "ok: HTTP 200",
    media: H264,
  },
  {
    name: "encrypted segments: their bytes arrive",
    source: "RFC 8216 §4.3.2.4, METHOD=AES-128",
    script: serving({
      "/video": live('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"', "#EXTINF:2,", "7.ts"),
      "/7.ts": Buffer.alloc(800, 0xa5),
    }),
    expected: "ok: HTTP 200",
  },
  {
    name: "a byte order mark, CRLF, blank lines, spaces and no media type",
    source: "RFC 8216 §4.1 turned round",
    script: serving({
      "/video": `\u00ef\u00bb\u00bf${live(...SEGMENTS).replaceAll("\n", " \r\n\r\n")}`,
      "/7.ts": TS,
    }),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "lines that end in CR alone",
    source: "old Macintosh tools",
    script: playlist(live(...SEGMENTS).replaceAll("\n", "\r"), "audio/mpegurl"),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "gzip that nobody asked for",
    source: "github.com/kaltura/nginx-vod-module/issues/1273",
    script: playlist(gzipSync(live(...SEGMENTS)), M3U8, "Content-Encoding: gzip"),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "a server that leaves the connection open behind a playlist without a length",
    source: "RFC 9112 §6.3 turned round",
    script: (socket) => {
      const busy = streaming(head("HTTP/1.1 200 OK", `Content-Type: ${M3U8}`), live("#EXT-X-ENDLIST"));
      busy(socket);
    },
    expected: "ended: HTTP 200, but the playlist has ended",
  },
  {
    name: "a redirect to a session, whose addresses count from there",
    source: "RFC 9110 §10.2.2, RFC 3986 §5.2; session tokens of CDNs",
    script: serving({
      "/video": { status: "302 Found", headers: ["Location: /s/abc/index.m3u8?t=1"] },
      "/s/abc/index.m3u8?t=1": live("#EXTINF:2,", "./x/../7.ts?t=1"),
      "/s/abc/7.ts?t=1": { status: "302 Found", headers: ["Location: /store/7.ts"] },
      "/store/7.ts": TS,
    }),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "a picture of one pixel before the transport stream",
    source: "github.com/Gujal00/ResolveURL/pull/1474",
    script: segmented(Buffer.concat([media("picture.png").subarray(0, 70), TS])),
    expected: "ok: HTTP 200",
    media: TS_MEDIA,
  },
  {
    name: "a recording",
    source: "RFC 8216 §4.3.3.5, PLAYLIST-TYPE:VOD",
    script: playlist(live("#EXT-X-PLAYLIST-TYPE:VOD", ...SEGMENTS, "#EXT-X-ENDLIST")),
    expected: "ok: HTTP 200, a recording",
    media: TS_MEDIA,
  },
  {
    name: "a stream that has ended",
    source: "RFC 8216 §4.3.3.4",
    script: playlist(live("#EXT-X-PLAYLIST-TYPE:EVENT", ...SEGMENTS, "#EXT-X-ENDLIST")),
    expected: "ended: HTTP 200, but the playlist has ended",
  },
  {
    name: "the newest segment is gone",
    source: "a packager that cleans up too early",
    script: serving({ "/video": live(...SEGMENTS) }),
    expected: "no_media: segment HTTP 404",
  },
  {
    name: "the newest segment is a web page",
    source: "servers that answer everything with their front page",
    script: segmented("<!DOCTYPE html><html></html>"),
    expected: "not_a_stream: segment is HTML",
  },
  {
    name: "an empty segment",
    source: "a full disk",
    script: segmented(""),
    expected: "no_media: segment is empty",
  },
  {
    name: "a segment that is something else",
    source: "a full disk",
    script: segmented("{}".repeat(400)),
    expected: `not_a_stream: segment begins with "${"{}".repeat(20)}"`,
  },
  {
    name: "a token that has run out",
    source: "signed addresses of CDNs",
    script: segmented({ status: "403 Forbidden" }),
    expected: "forbidden: segment HTTP 403",
  },
  {
    name: "a packager that fails",
    source: "RFC 9110 §15.6.4",
    script: segmented({ status: "503 Service Unavailable" }),
    expected: "server_error: segment HTTP 503",
  },
  {
    name: "a segment in a redirect loop",
    source: "RFC 9110 §15.4",
    script: segmented({ status: "302 Found", headers: ["Location: /7.ts"] }),
    expected: "redirect_failed: segment: HTTP 302: more than 3 redirects",
  },
  {
    name: "sound alone in ADTS",
    source: "RFC 8216 §3.4",
    script: segmented(Buffer.concat([Buffer.from("fff15080", "hex"), Buffer.alloc(800)])),
    expected: "no_video: segment is sound alone (AAC)",
  },
  {
    name: "sound alone in a transport stream",
    source: "RFC 8216 §3.2",
    script: segmented(media("aac.mpegts")),
    expected: "no_video: segment has no video (aac only)",
  },
  {
    name: "subtitles",
    source: "RFC 8216 §3.5",
    script: segmented("WEBVTT\n\n"),
    expected: "no_video: segment is WebVTT",
  },
  {
    name: "variants of sound alone",
    source: "RFC 8216 §4.3.4.2",
    script: playlist('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2,opus"\na.m3u8\n'),
    expected: "no_video: HTTP 200, but all variants are sound alone",
  },
  {
    name: "a variant that is not there",
    source: "RFC 8216 §6.2.4",
    script: playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"),
    expected: "no_media: media playlist HTTP 404",
  },
  {
    name: "a variant that is a web page",
    source: "servers that answer everything with their front page",
    script: serving({ "/video": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n", "/v": "<html></html>" }),
    expected: "not_a_stream: media playlist is HTML",
  },
  {
    name: "a master playlist that leads to itself",
    source: "RFC 8216 §4.3.4 turned round",
    script: playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo\n"),
    expected: "protocol_error: media playlist is a master playlist again",
  },
  {
    name: "a playlist without segments",
    source: "a packager that waits for its source",
    script: playlist(live()),
    expected: "no_media: playlist has no segments",
  },
  {
    name: "gaps alone",
    source: "RFC 8216bis §4.4.4.7",
    script: playlist(live("#EXT-X-GAP", "#EXTINF:2,", "7.ts")),
    expected: "no_media: playlist has gaps instead of segments",
  },
  {
    name: "an initialization section that is not there",
    source: "RFC 8216 §4.3.2.5",
    script: playlist(live('#EXT-X-MAP:URI="init.mp4"', ...SEGMENTS)),
    expected: "no_media: init segment HTTP 404",
  },
  {
    name: "a login page in place of the playlist",
    source: "portals and recorders whose session has run out",
    path: "/live/index.m3u8",
    script: serving({ "/live/index.m3u8": { type: "text/html", body: "<!doctype html><html></html>" } }),
    expected: "not_a_stream: HTTP 200, but playlist is HTML",
  },
];
