import { randomInt } from "node:crypto";
import { H264 } from "./pictures";

/** What an RTSP camera announces and sends: one H.264 video track and, if wanted, one audio track (silence, G.711). */

export const VIDEO_CLOCK_HZ = 90_000;
export const AUDIO_CLOCK_HZ = 8000;
const VIDEO_PAYLOAD_TYPE = 96;
/** PCMU has a static payload type (RFC 3551). */
const AUDIO_PAYLOAD_TYPE = 0;
const PCMU_SILENCE = 0xff;

export interface StreamShape {
  fps: number;
  audio: boolean;
}

/** The session description of RFC 8866 with the H.264 parameters of RFC 6184. */
export function describeSdp({ fps, audio }: StreamShape, host: string): string {
  const parameterSets = [H264.sps, H264.pps].map((set) => set.toString("base64")).join(",");
  const lines = [
    "v=0",
    `o=- 1 1 IN IP4 ${host}`,
    "s=Simulated camera",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
    `m=video 0 RTP/AVP ${VIDEO_PAYLOAD_TYPE}`,
    `a=rtpmap:${VIDEO_PAYLOAD_TYPE} H264/${VIDEO_CLOCK_HZ}`,
    `a=fmtp:${VIDEO_PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${H264.profileLevelId};sprop-parameter-sets=${parameterSets}`,
    `a=framerate:${fps}`,
    "a=control:trackID=0",
  ];
  if (audio) {
    lines.push(
      `m=audio 0 RTP/AVP ${AUDIO_PAYLOAD_TYPE}`,
      `a=rtpmap:${AUDIO_PAYLOAD_TYPE} PCMU/${AUDIO_CLOCK_HZ}`,
      "a=control:trackID=1",
    );
  }
  return `${lines.join("\r\n")}\r\n`;
}

export const TRACKS = ["video", "audio"] as const;
export type Track = (typeof TRACKS)[number];

/** The RTP packets of one track for one receiver (RFC 3550), framed for its TCP channel. */
export class RtpTrack {
  sequence = randomInt(0x10000);
  timestamp = randomInt(0x100000000);
  readonly ssrc = randomInt(0x100000000);
  private pictures = 0;

  constructor(
    readonly track: Track,
    private readonly shape: StreamShape,
    private readonly channel: number,
  ) {}

  /** What belongs to the next picture's time: its NAL units, or as much silence. */
  next(): Buffer {
    return this.track === "video" ? this.picture() : this.silence();
  }

  private picture(): Buffer {
    // Parameter sets before each key frame, so that a receiver that ignores the SDP's can decode too.
    const idr = H264.pictures[this.pictures++ % H264.pictures.length] as Buffer;
    const units = [H264.sps, H264.pps, idr];
    const packets = units.map((unit, i) => this.packet(VIDEO_PAYLOAD_TYPE, i === units.length - 1, unit));
    this.advance(Math.round(VIDEO_CLOCK_HZ / this.shape.fps));
    return Buffer.concat(packets);
  }

  private silence(): Buffer {
    const samples = Math.round(AUDIO_CLOCK_HZ / this.shape.fps);
    const packet = this.packet(AUDIO_PAYLOAD_TYPE, false, Buffer.alloc(samples, PCMU_SILENCE));
    this.advance(samples);
    return packet;
  }

  private advance(ticks: number): void {
    this.timestamp = (this.timestamp + ticks) % 0x100000000;
  }

  /** `$`, channel, length (RFC 2326 section 10.12), then the RTP header and its payload. */
  private packet(payloadType: number, marker: boolean, payload: Buffer): Buffer {
    const head = Buffer.alloc(16);
    head[0] = 0x24;
    head[1] = this.channel;
    head.writeUInt16BE(12 + payload.length, 2);
    head[4] = 0x80;
    head[5] = (marker ? 0x80 : 0) | payloadType;
    head.writeUInt16BE(this.sequence, 6);
    head.writeUInt32BE(this.timestamp, 8);
    head.writeUInt32BE(this.ssrc, 12);
    this.sequence = (this.sequence + 1) % 0x10000;
    return Buffer.concat([head, payload]);
  }
}
