import type { Media } from "../../../contracts/check";
import type { PictureFacts } from "../../../common/picture-facts";
import type { RtpPacket } from "../probers/rtp";
import type { MediaDescription, SessionDescription } from "../probers/sdp";
import { H264, parseH264Sps } from "./h264";
import { H265, h265Type, parseH265Sps } from "./h265";
import { parseRtpJpeg } from "./rtp-jpeg";

/** The names that people know, where RTP has another. */
const CODECS: Record<string, string> = {
  jpeg: "mjpeg",
  "mp4v-es": "mpeg4",
  mpv: "mpeg2",
  mp2t: "mpegts",
  mpa: "mp3",
  "mpeg4-generic": "aac",
};

/** Pictures whose timestamps are compared for the frame rate. */
const ENOUGH_TIMESTAMPS = 4;

/** Gathers what one video track consists of: from its description, its parameter sets, and the packets that come. */
export class RtpPicture {
  private facts?: PictureFacts;
  private keyframe = false;
  private readonly timestamps: number[] = [];
  packets = 0;

  constructor(
    private readonly description: SessionDescription,
    private readonly track: MediaDescription,
  ) {
    for (const set of this.announcedParameterSets()) this.readNal(set);
  }

  add(packet: RtpPacket): void {
    this.packets++;
    if (this.timestamps.at(-1) !== packet.timestamp && this.timestamps.length < ENOUGH_TIMESTAMPS) {
      this.timestamps.push(packet.timestamp);
    }
    const { payload } = packet;
    if (this.track.encoding === "h264") this.readH264(payload);
    else if (this.track.encoding === "h265" || this.track.encoding === "hevc") this.readH265(payload);
    else if (this.track.encoding === "jpeg") {
      this.keyframe = true;
      this.facts ??= parseRtpJpeg(payload);
    }
  }

  /** Nothing more can be learnt by waiting for further packets. */
  get complete(): boolean {
    const known = this.facts !== undefined || !["h264", "h265", "hevc", "jpeg"].includes(this.track.encoding);
    return known && (this.declaredRate !== undefined || this.timestamps.length >= ENOUGH_TIMESTAMPS);
  }

  media(): Media {
    const { encoding, bitrate } = this.track;
    const audio = this.description.media.find(
      ({ kind, direction }) => kind === "audio" && direction !== "sendonly",
    );
    const fps = this.declaredRate ?? this.observedRate();
    return {
      ...(encoding && { codec: codecName(encoding) }),
      ...(this.facts && { width: this.facts.width, height: this.facts.height }),
      ...(fps !== undefined && { fps }),
      ...(bitrate !== undefined && { bitrate }),
      ...(audio?.encoding && { audioCodec: codecName(audio.encoding) }),
      ...(this.keyframe && { keyframe: true }),
    };
  }

  private get declaredRate(): number | undefined {
    return this.facts?.fps ?? this.track.frameRate;
  }

  /** The smallest step between pictures: packets may be lost, and no picture is shown twice. */
  private observedRate(): number | undefined {
    const steps = this.timestamps
      .slice(1)
      .map((timestamp, i) => (timestamp - (this.timestamps[i] as number)) >>> 0);
    const step = Math.min(...steps.filter((ticks) => ticks > 0 && ticks < 2 ** 31));
    if (!Number.isFinite(step)) return undefined;
    const fps = Math.round((this.track.clockRate / step) * 100) / 100;
    return fps > 0.01 && fps <= 240 ? fps : undefined;
  }

  /** RFC 6184 §8.1, RFC 7798 §7.1: base64, separated by commas. */
  private announcedParameterSets(): Buffer[] {
    const { parameters } = this.track;
    const texts = [parameters.get("sprop-parameter-sets"), parameters.get("sprop-sps")];
    return texts
      .flatMap((text) => (text ?? "").split(",").slice(0, 16))
      .map((set) => Buffer.from(set, "base64"));
  }

  private readNal(nal: Buffer): void {
    this.facts ??= this.track.encoding === "h264" ? parseH264Sps(nal) : parseH265Sps(nal);
  }

  /** RFC 6184 §5.4: single units, aggregates and fragments. */
  private readH264(payload: Buffer): void {
    const type = (payload[0] ?? 0) & 31;
    if (type === H264.STAP_A) {
      for (const nal of aggregated(payload, 1)) this.readH264(nal);
    } else if (type === H264.FU_A || type === H264.FU_B) {
      if (((payload[1] ?? 0) & 31) === H264.IDR) this.keyframe = true;
    } else {
      if (type === H264.IDR) this.keyframe = true;
      if (type === H264.SPS) this.facts = parseH264Sps(payload) ?? this.facts;
    }
  }

  /** RFC 7798 §4.4 */
  private readH265(payload: Buffer): void {
    const header = payload[0] ?? 0;
    const type = h265Type(header);
    if (type === H265.AGGREGATION) {
      for (const nal of aggregated(payload, 2)) this.readH265(nal);
      return;
    }
    const unit = type === H265.FRAGMENT ? (payload[2] ?? 0) & 63 : type;
    if (unit >= H265.FIRST_IRAP && unit <= H265.LAST_IRAP) this.keyframe = true;
    if (type === H265.SPS) this.facts = parseH265Sps(payload) ?? this.facts;
  }
}

function codecName(encoding: string): string {
  return (CODECS[encoding] ?? (encoding === "hevc" ? "h265" : encoding)).slice(0, 40);
}

/** The units of an aggregation packet, each behind its length; aggregates do not nest. */
function aggregated(payload: Buffer, headerBytes: number): Buffer[] {
  const units: Buffer[] = [];
  for (let at = headerBytes; at + 2 < payload.length && units.length < 64;) {
    const length = payload.readUInt16BE(at);
    const unit = payload.subarray(at + 2, at + 2 + length);
    const type = unit[0] ?? 0;
    const nested = headerBytes === 1 ? (type & 31) === H264.STAP_A : h265Type(type) === H265.AGGREGATION;
    if (unit.length > 0 && !nested) units.push(unit);
    at += 2 + length;
  }
  return units;
}
