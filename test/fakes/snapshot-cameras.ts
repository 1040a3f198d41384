import { jpeg, media } from "../support/media";
import { answering } from "../support/scripted-camera";
import { bytes, digestIsRight, ending, head, streaming, type HttpFake } from "./http-fake";

/** Single pictures, the errors that come in their place, and video in one piece. */

const PICTURE = jpeg({ width: 1920, height: 1080, thumbnail: true });
const SEEN = { codec: "mjpeg", width: 1920, height: 1080, keyframe: true };
const LENGTH = `Content-Length: ${PICTURE.length}`;

export const SNAPSHOT_CAMERAS: HttpFake[] = [
  {
    name: "Vivotek, LevelOne, 4XEM: a picture without a length",
    source: "LevelOne FCS-1060 manual, video.jpg",
    script: ending(head("HTTP/1.0 200 OK", "Content-Type: image/jpeg"), PICTURE),
    expected: "ok: HTTP 200",
    media: SEEN,
  },
  {
    name: "a camera that leaves the connection open behind its picture",
    source: "RFC 9112 §9.6 turned round",
    script: streaming(head("HTTP/1.1 200 OK", "Content-Type: image/jpeg", LENGTH), PICTURE),
    expected: "ok: HTTP 200",
    media: SEEN,
  },
  {
    name: "GoaHead: a header line without a name",
    source: "github.com/home-assistant/core/issues/14960",
    script: ending(
      head(
        "HTTP/1.1 200 OK",
        "Server: GoaHead",
        "Tue, 12 Jun 2012 01:56:34 GMT",
        "Content-Type:image/jpeg",
        LENGTH,
      ),
      PICTURE,
    ),
    expected: "ok: HTTP 200",
    media: SEEN,
  },
  {
    name: "Hikvision: Digest with qop, the challenge before anything else",
    source: "ISAPI /ISAPI/Streaming/channels/101/picture",
    path: "/ISAPI/Streaming/channels/101/picture",
    scheme: "http://admin:p@ss:w0rd@",
    script: answering((request, socket) => {
      const right = digestIsRight(request, "admin", "p@ss:w0rd", "IP Camera(12345)");
      const challenge =
        'WWW-Authenticate: Digest qop="auth", realm="IP Camera(12345)", nonce="4e5459", stale="FALSE"';
      socket.end(
        right
          ? bytes(head("HTTP/1.1 200 OK", 'Content-Type: image/jpeg; charset="UTF-8"', LENGTH), PICTURE)
          : head("HTTP/1.1 401 Unauthorized", challenge, "Content-Length: 0"),
      );
    }),
    expected: "ok: HTTP 200",
    media: SEEN,
  },
  {
    name: "Dahua: Digest and Basic offered together, in one header",
    source: "Dahua HTTP API §3, snapshot.cgi; RFC 9110 §11.6.1",
    path: "/cgi-bin/snapshot.cgi?channel=1",
    scheme: "http://admin:secret@",
    script: answering((request, socket) => {
      const right = digestIsRight(request, "admin", "secret", "Login to 3F0A");
      const challenge =
        'WWW-Authenticate: Basic realm="x", Digest realm="Login to 3F0A", qop="auth", nonce="77", opaque="ab"';
      socket.end(
        right
          ? bytes(head("HTTP/1.1 200 OK", "Content-Type: image/jpeg"), PICTURE)
          : head("HTTP/1.1 401 Unauthorized", challenge),
      );
    }),
    expected: "ok: HTTP 200",
    media: SEEN,
  },
  {
    name: "Hikvision: an error in XML with status 200",
    source: "ISAPI ResponseStatus; github.com/evercam/evercam-server/issues/52",
    script: ending(
      head("HTTP/1.1 200 OK", "Content-Type: application/xml"),
      '<?xml version="1.0"?><ResponseStatus><statusString>Device Busy</statusString></ResponseStatus>',
    ),
    expected: "not_a_stream: HTTP 200, but it is application/xml",
  },
  {
    name: "Reolink: an error in JSON that calls itself HTML",
    source: "Reolink camera HTTP API, cmd=Snap, rspCode -6",
    script: ending(
      head("HTTP/1.1 200 OK", "Content-Type: text/html"),
      '[ { "cmd" : "Snap", "code" : 1, "error" : { "detail" : "please login first", "rspCode" : -6 } } ]',
    ),
    expected: "not_a_stream: HTTP 200, but it is JSON",
  },
  {
    name: "Sercomm RC8221: privacy mode",
    source: "RC8221 manual, appendix B",
    script: ending(head("HTTP/1.0 406 Not Acceptable")),
    expected: "protocol_error: HTTP 406",
  },
  {
    name: "an error text where a picture is promised",
    source: "github.com/evercam/evercam-server/issues/52",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: image/jpeg"), "The Device is Busy"),
    expected: "no_media: HTTP 200, but it ended without a picture",
  },
  {
    name: "a picture shorter than its length",
    source: "a camera that restarts",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: image/jpeg", LENGTH), PICTURE.subarray(0, 600)),
    expected: "no_media: HTTP 200, but the picture breaks off",
  },
  {
    name: "a PNG",
    source: "recorders that draw their pictures",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: image/png"), media("picture.png")),
    expected: "ok: HTTP 200",
    media: { codec: "png", width: 64, height: 48 },
  },
];

const H264 = { codec: "h264", width: 64, height: 48, fps: 10 };

export const PROGRESSIVE_CAMERAS: HttpFake[] = [
  {
    name: "Reolink: FLV over HTTP",
    source: "github.com/starkillerOG/reolink_aio/issues/3",
    path: "/flv?port=1935&app=bcs&stream=channel0_main.bcs",
    script: streaming(head("HTTP/1.1 200 OK", "Content-Type: video/x-flv"), media("h264-aac.flv")),
    expected: "ok: HTTP 200",
    media: { ...H264, audioCodec: "aac", keyframe: true },
  },
  {
    name: "a transport stream in chunks",
    source: "Enigma2, HDHomeRun",
    script: streaming(
      head("HTTP/1.1 200 OK", "Content-Type: video/mp2t", "Transfer-Encoding: chunked"),
      bytes("1000\r\n", media("h264-aac.mpegts").subarray(0, 4096), "\r\n"),
    ),
    expected: "ok: HTTP 200",
    media: { ...H264, audioCodec: "aac", keyframe: true },
  },
  {
    name: "MP4 as octet-stream",
    source: "RFC 9110 §8.3",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: application/octet-stream"), media("h264-aac.mp4")),
    expected: "ok: HTTP 200",
    media: { ...H264, audioCodec: "aac" },
  },
  {
    name: "WebM that never ends",
    source: "RFC 9559 §8.5, elements of unknown size",
    script: streaming(head("HTTP/1.1 200 OK"), media("vp8-live.webm")),
    expected: "ok: HTTP 200",
    media: { codec: "vp8", width: 64, height: 48, fps: 10 },
  },
  {
    name: "Foscam: videostream.asf",
    source: "Foscam CGI manual, videostream.asf",
    script: ending(
      head("HTTP/1.0 200 OK", "Content-Type: video/x-ms-asf"),
      Buffer.from(`3026b2758e66cf11${"00".repeat(400)}`, "hex"),
    ),
    expected: "ok: HTTP 200",
  },
  {
    name: "raw H.264",
    source: "encoders that send an elementary stream as video/h264",
    script: streaming(head("HTTP/1.1 200 OK", "Content-Type: video/h264"), media("h264.264")),
    expected: "ok: HTTP 200",
    media: { ...H264, keyframe: true },
  },
  {
    name: "a transport stream with sound alone",
    source: "ISO/IEC 13818-1 §2.4.4.8",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: video/mp2t"), media("aac.mpegts")),
    expected: "no_video: HTTP 200, but no video in the MPEG-TS (aac only)",
  },
  {
    name: "an MP4 with sound alone",
    source: "ISO/IEC 14496-12 §8.4.3",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: video/mp4"), media("aac.mp4")),
    expected: "no_video: HTTP 200, but no video in the MP4 (aac only)",
  },
  {
    name: "Internet radio",
    source: "SHOUTcast 1 protocol",
    script: streaming(head("ICY 200 OK", "icy-name: radio"), Buffer.from("fffb9064000000000000", "hex")),
    expected: "no_video: HTTP 200, but it is sound alone (MP3)",
  },
  {
    name: "video by name only",
    source: "a misconfigured server",
    script: ending(head("HTTP/1.1 200 OK", "Content-Type: video/mp4"), "Not quite a film, this, is it?"),
    expected: 'not_a_stream: HTTP 200, but it begins with "Not quite a film, this, is it?"',
  },
];
