import type net from "node:net";
import { answering, rtsp, type Script } from "../support/scripted-camera";

/**
 * Odd cameras that speak RTSP, as far as their pictures: what each makes of DESCRIBE, SETUP and PLAY, with the document
 * or the device that it comes from.
 */
export interface RtspFake {
  name: string;
  /** Where the oddity is from. */
  source: string;
  script: Script;
  /** `reason: message`; PORT stands for the camera's port. */
  expected: string;
  /** What the requests must look like, in their order; `*` for those that do not matter. */
  requests?: string[];
  /** The user part of the URL. */
  credentials?: string;
}

interface Behaviour {
  sdp?: string;
  /** Headers of the answer to DESCRIBE. */
  describe?: Record<string, string>;
  setup?: (request: string) => string;
  play?: (request: string, socket: net.Socket) => string | undefined;
  /** Channel that the picture comes on; null: none comes. */
  channel?: number | null;
  /** The RTP packets after PLAY. */
  packets?: Buffer[];
}

const SESSION = { Session: "12345678" };

/** The answer to SETUP that a camera should give. */
function accepted(request: string): string {
  return rtsp(request, "200 OK", { ...SESSION, Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
}

/** A session description with these lines behind its `m=video`. */
export function videoSdp(...lines: string[]): string {
  const all = [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=camera",
    "t=0 0",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    ...lines,
  ];
  return `${all.join("\r\n")}\r\n`;
}

/** An RTP packet (RFC 3550 §5.1). */
export function rtpPacket(n: number, payload: Buffer, payloadType = 96): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(payloadType, 1);
  header.writeUInt16BE(n & 0xffff, 2);
  header.writeUInt32BE(n * 3600, 4);
  return Buffer.concat([header, payload]);
}

export function frame(channel: number, packet: Buffer): Buffer {
  const header = Buffer.from([0x24, channel, 0, 0]);
  header.writeUInt16BE(packet.length, 2);
  return Buffer.concat([header, packet]);
}

/** 640 × 480, 30 pictures a second, high profile: what x264 writes for such a picture. */
const SPS = Buffer.from("6764001eacd940a03db0110000030001000003003c0f162d96", "hex");
const IDR = Buffer.from("65888400", "hex");
const PICTURES = [0, 1, 2, 3].map((n) => rtpPacket(n, n === 0 ? SPS : IDR));

/** A camera that does all as it should, but for what a test says. */
export function camera(behaviour: Behaviour = {}): Script {
  const { sdp = videoSdp("a=control:trackID=1"), channel = 0, packets = PICTURES } = behaviour;
  return answering((request, socket) => {
    const method = request.slice(0, request.indexOf(" "));
    if (method === "DESCRIBE") {
      return rtsp(request, "200 OK", { "Content-Type": "application/sdp", ...behaviour.describe }, sdp);
    }
    if (method === "SETUP") {
      const transport = {
        ...SESSION,
        Transport: `RTP/AVP/TCP;unicast;interleaved=${channel ?? 0}-${(channel ?? 0) + 1}`,
      };
      return behaviour.setup?.(request) ?? rtsp(request, "200 OK", transport);
    }
    if (method === "PLAY") {
      const answer = behaviour.play ? behaviour.play(request, socket) : rtsp(request, "200 OK", SESSION);
      if (answer === undefined) return undefined;
      if (channel !== null && answer.includes(" 200 ")) {
        setImmediate(() => socket.write(Buffer.concat(packets.map((packet) => frame(channel, packet)))));
      }
      return answer;
    }
    return rtsp(request, "200 OK", SESSION);
  });
}

const at = (path: string) => `rtsp://127.0.0.1:PORT${path}`;
const refusing = (status: string) => (request: string) => rtsp(request, status);
/** Closes instead of being silent, so that a test need not wait for a deadline. */
const closing = (request: string, socket: net.Socket): undefined => {
  socket.end(rtsp(request, "200 OK", SESSION));
  return undefined;
};

export const RTSP_CAMERAS: RtspFake[] = [
  {
    name: "one that does as RFC 2326 says",
    source: "RFC 2326 §14.1",
    script: camera(),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: [
      `DESCRIBE ${at("/live")}`,
      `SETUP ${at("/live/trackID=1")}`,
      `PLAY ${at("/live")}`,
      `TEARDOWN ${at("/live")}`,
    ],
  },
  {
    name: "its own channel numbers",
    source: "RFC 2326 §12.39: the server chooses the channels",
    script: camera({ channel: 4 }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "pictures on another channel than it said",
    source: "cheap HiSilicon cameras answer interleaved=0-1 and send on 2",
    script: camera({
      channel: 2,
      setup: (request) => accepted(request),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "a transport without channels",
    source: "RFC 2326 §12.39: interleaved is optional in an answer",
    script: camera({
      setup: (request) => rtsp(request, "200 OK", { ...SESSION, Transport: "RTP/AVP/TCP;unicast" }),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "a session with a time limit",
    source: "RFC 2326 §12.37: Session: id;timeout=60",
    script: camera({
      setup: (request) =>
        rtsp(request, "200 OK", {
          Session: "87654321;timeout=60",
          Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
        }),
      play: (request) =>
        rtsp(request, /^Session: 87654321\r$/m.test(request) ? "200 OK" : "454 Session Not Found"),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "no Session header at all",
    source: "some ESP32 firmwares keep one session a connection and leave the header out",
    script: camera({
      setup: (request) => rtsp(request, "200 OK", { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" }),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", "*", "*"],
  },
  {
    name: "a Content-Base",
    source: "RFC 2326 §C.1.1",
    script: camera({ describe: { "Content-Base": "rtsp://127.0.0.1/other/" } }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: [
      "*",
      "SETUP rtsp://127.0.0.1/other/trackID=1",
      "PLAY rtsp://127.0.0.1/other/",
      "TEARDOWN rtsp://127.0.0.1/other/",
    ],
  },
  {
    name: "a Content-Location instead",
    source: "RFC 2326 §C.1.1, second choice",
    script: camera({ describe: { "Content-Location": "rtsp://127.0.0.1/there" } }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", "SETUP rtsp://127.0.0.1/there/trackID=1", "PLAY rtsp://127.0.0.1/there", "*"],
  },
  {
    name: "a Content-Base that is nonsense",
    source: "hostile: white space would end the request line",
    script: camera({ describe: { "Content-Base": "rtsp://x/ RTSP/1.0 Evil: yes" } }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", `SETUP ${at("/live/trackID=1")}`, `PLAY ${at("/live")}`, "*"],
  },
  {
    name: "an absolute control address",
    source: "Axis: a=control:rtsp://…/trackID=1",
    script: camera({ sdp: videoSdp("a=control:rtsp://127.0.0.1/axis/trackID=1") }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", "SETUP rtsp://127.0.0.1/axis/trackID=1", `PLAY ${at("/live")}`, "*"],
  },
  {
    name: "no control address",
    source: "RFC 2326 §C.1.1: the only stream is the whole",
    script: camera({ sdp: videoSdp() }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", `SETUP ${at("/live")}`, `PLAY ${at("/live")}`, "*"],
  },
  {
    name: "an aggregate address of its own",
    source: "RFC 2326 §C.1.1: a=control of the session",
    script: camera({
      sdp: videoSdp("a=control:track1").replace("t=0 0", "t=0 0\r\na=control:rtsp://127.0.0.1/all/"),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", "SETUP rtsp://127.0.0.1/all/track1", "PLAY rtsp://127.0.0.1/all/", "*"],
  },
  {
    name: "a base with a query",
    source: "Dahua: /cam/realmonitor?channel=1&subtype=0/trackID=0",
    script: camera({ describe: { "Content-Base": "rtsp://127.0.0.1/cam?channel=1/" } }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: [
      "*",
      "SETUP rtsp://127.0.0.1/cam?channel=1/trackID=1",
      "PLAY rtsp://127.0.0.1/cam?channel=1/",
      "*",
    ],
  },
  {
    name: "a back channel before its video",
    source: "ONVIF Streaming Specification §5.3: a=sendonly is what the client sends",
    script: camera({
      sdp: videoSdp(
        "a=control:in",
        "a=sendonly",
        "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000",
        "a=control:out",
        "a=recvonly",
      ),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", `SETUP ${at("/live/out")}`, "*", "*"],
  },
  {
    name: "its only video marked sendonly",
    source: "cameras that describe their own side",
    script: camera({ sdp: videoSdp("a=control:trackID=1", "a=sendonly") }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "metadata beside the video",
    source: "ONVIF: m=application with vnd.onvif.metadata",
    script: camera({
      sdp: `v=0\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:meta\r\n${videoSdp("a=control:video").slice(5)}`,
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", `SETUP ${at("/live/video")}`, "*", "*"],
  },
  {
    name: "metadata alone",
    source: "ONVIF metadata stream configured by mistake",
    script: camera({
      sdp: "v=0\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n",
    }),
    expected: "no_video: RTSP 200, but no video track (application only)",
  },
  {
    name: "video that is switched off",
    source: "RFC 8866 §6.7.4: a=inactive",
    script: camera({ sdp: videoSdp("a=inactive") }),
    expected: "no_video: RTSP 200, but no video track (video only)",
  },
  {
    name: "a range that it does not take",
    source: "RFC 2326 §11.3.8: 457 for a live stream",
    script: camera({
      play: (request) => rtsp(request, request.includes("Range:") ? "457 Invalid Range" : "200 OK", SESSION),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
    requests: ["*", "*", `PLAY ${at("/live")}`, `PLAY ${at("/live")}`, "*"],
  },
  {
    name: "frames before the answer to PLAY",
    source: "live555 sends at once",
    script: camera({
      channel: null,
      play: (request, socket) => {
        socket.write(Buffer.concat(PICTURES.map((packet) => frame(0, packet))));
        return rtsp(request, "200 OK", SESSION);
      },
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "a request of its own in between",
    source: "RFC 2326 §10.1: a server may send OPTIONS to see whether the client lives",
    script: camera({
      setup: (request) =>
        `OPTIONS rtsp://client RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc` + accepted(request),
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "100 Continue",
    source: "RFC 2326 §11.1",
    script: camera({ play: (request) => `RTSP/1.0 100 Continue\r\n\r\n${rtsp(request, "200 OK", SESSION)}` }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "RTCP before the picture",
    source: "RFC 5761 §4: a sender report on the RTP channel",
    script: camera({ packets: [rtpPacket(9, Buffer.alloc(16), 72), ...PICTURES] }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "packets that are no RTP before the picture",
    source: "Reolink: stray bytes in the first frames after PLAY",
    script: camera({ packets: [Buffer.from("junk"), Buffer.alloc(0), ...PICTURES] }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "the rate in the description",
    source: "RFC 8866 §6.11: a=framerate",
    script: camera({ sdp: videoSdp("a=framerate:12.5"), packets: [rtpPacket(1, IDR)] }),
    expected: "ok: RTSP 200 (h264 12.5)",
  },
  {
    name: "the rate in the timestamps alone",
    source: "RFC 6184 §5.1: a clock of 90 kHz",
    script: camera({ packets: [1, 2, 3, 4].map((n) => rtpPacket(n, IDR)) }),
    expected: "ok: RTSP 200 (h264 25)",
  },
  {
    name: "size in sprop-parameter-sets",
    source: "RFC 6184 §8.1",
    script: camera({
      sdp: videoSdp(
        `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${SPS.toString("base64")},aM4G4g==`,
        "a=framerate:30",
      ),
      packets: [rtpPacket(1, IDR)],
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "fragments of a picture",
    source: "RFC 6184 §5.8: FU-A",
    script: camera({
      sdp: videoSdp("a=framerate:5"),
      packets: [rtpPacket(1, SPS), rtpPacket(2, Buffer.from("7c85aa", "hex"))],
    }),
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "JPEG over RTP",
    source: "RFC 2435 §3.1: size in blocks of 8 pixels",
    script: camera({
      sdp: "v=0\r\nm=video 0 RTP/AVP 26\r\na=framerate:10\r\n",
      packets: [rtpPacket(1, Buffer.from("0000000001ff5028", "hex"), 26)],
    }),
    expected: "ok: RTSP 200 (mjpeg 640x320 10)",
  },
  {
    name: "a codec that nobody knows",
    source: "MPEG-4 ASP of older cameras: a picture came, and what it consists of is not read",
    script: camera({ sdp: videoSdp("a=framerate:8").replace("H264", "MP4V-ES") }),
    expected: "ok: RTSP 200 (mpeg4 8)",
  },
  {
    name: "461 for TCP",
    source: "RFC 2326 §11.3.14; cameras that know UDP only",
    script: camera({ setup: refusing("461 Unsupported Transport") }),
    expected: "transport_udp_only: RTSP 461 Unsupported Transport",
  },
  {
    name: "UDP where TCP was asked for",
    source: "RFC 2326 §12.39: a server answers with what it chose",
    script: camera({
      setup: (request) =>
        rtsp(request, "200 OK", {
          ...SESSION,
          Transport: "RTP/AVP;unicast;client_port=0-1;server_port=5000-5001",
        }),
    }),
    expected: "transport_udp_only: camera answers TCP with UDP",
  },
  {
    name: "453 at SETUP",
    source: "RFC 2326 §11.3.7; Hikvision with too many viewers",
    script: camera({ setup: refusing("453 Not Enough Bandwidth") }),
    expected: "session_limit: RTSP 453 Not Enough Bandwidth",
  },
  {
    name: "503 at SETUP",
    source: "Dahua and Reolink with too many viewers",
    script: camera({ setup: refusing("503 Service Unavailable") }),
    expected: "session_limit: RTSP 503 Service Unavailable",
  },
  {
    name: "454 at PLAY",
    source: "RFC 2326 §11.3.5",
    script: camera({ play: refusing("454 Session Not Found") }),
    expected: "session_limit: RTSP 454 Session Not Found",
  },
  {
    name: "404 at SETUP",
    source: "a track that is not there (RFC 2326 §11.3)",
    script: camera({ setup: refusing("404 Not Found") }),
    expected: "wrong_path: RTSP 404 Not Found",
  },
  {
    name: "403 at PLAY",
    source: "Axis: a user without the right to view",
    script: camera({ play: refusing("403 Forbidden") }),
    expected: "forbidden: RTSP 403 Forbidden",
  },
  {
    name: "500 at PLAY",
    source: "an encoder that hangs",
    script: camera({ play: refusing("500 Internal Server Error") }),
    expected: "server_error: RTSP 500 Internal Server Error",
  },
  {
    name: "400 at SETUP",
    source: "a server that does not understand us",
    script: camera({ setup: refusing("400 Bad Request") }),
    expected: "protocol_error: RTSP 400 Bad Request",
  },
  {
    name: "401 at SETUP without credentials in the URL",
    source: "cameras that describe to everybody and show to nobody",
    script: camera({
      setup: (request) => rtsp(request, "401 Unauthorized", { "WWW-Authenticate": 'Basic realm="x"' }),
    }),
    expected: "auth_required: RTSP 401 Unauthorized",
  },
  {
    name: "401 at SETUP alone, answered",
    source: "TP-Link Tapo: OPTIONS and DESCRIBE are open on some firmwares",
    script: camera({
      setup: (request) =>
        request.includes("Authorization: Basic dTpw")
          ? accepted(request)
          : rtsp(request, "401 Unauthorized", { "WWW-Authenticate": 'Basic realm="x"' }),
    }),
    credentials: "u:p",
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "a nonce that is stale by the time of PLAY",
    source: "RFC 7616 §3.3: stale=true wants a new answer, not a new password",
    script: camera({
      setup: (request) =>
        request.includes('nonce="one"')
          ? accepted(request)
          : rtsp(request, "401 Unauthorized", { "WWW-Authenticate": 'Digest realm="x", nonce="one"' }),
      play: (request) =>
        request.includes('nonce="two"')
          ? rtsp(request, "200 OK", SESSION)
          : rtsp(request, "401 Unauthorized", {
              "WWW-Authenticate": 'Digest realm="x", nonce="two", stale=TRUE',
            }),
    }),
    credentials: "u:p",
    expected: "ok: RTSP 200 (h264 640x480 30)",
  },
  {
    name: "a password that is refused at PLAY",
    source: "a user who may connect and not view",
    script: camera({
      play: (request) => rtsp(request, "401 Unauthorized", { "WWW-Authenticate": 'Basic realm="x"' }),
    }),
    credentials: "u:p",
    expected: "auth_failed: RTSP 401 Unauthorized",
  },
  {
    name: "closing behind PLAY",
    source: "an encoder that crashes when it is looked at",
    script: camera({ play: closing, channel: null }),
    expected: "no_media: connection closed after PLAY, before any RTP",
  },
  {
    name: "closing instead of an answer to SETUP",
    source: "a firmware that restarts its server",
    script: answering((request, socket) => {
      if (request.startsWith("DESCRIBE"))
        return rtsp(request, "200 OK", { "Content-Type": "application/sdp" }, videoSdp());
      socket.end();
      return undefined;
    }),
    expected: "connection_closed: connection closed by 127.0.0.1:PORT without an answer",
  },
];
