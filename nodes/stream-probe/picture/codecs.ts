/** The codecs of four-character codes, as ISO/IEC 14496-12, RFC 6381, FLV and AVI write them. */
const VIDEO: Record<string, string> = {
  avc1: "h264",
  avc3: "h264",
  h264: "h264",
  x264: "h264",
  dva1: "h264",
  dvav: "h264",
  hvc1: "h265",
  hev1: "h265",
  hevc: "h265",
  dvh1: "h265",
  dvhe: "h265",
  vvc1: "h266",
  av01: "av1",
  vp08: "vp8",
  vp80: "vp8",
  vp09: "vp9",
  vp90: "vp9",
  mp4v: "mpeg4",
  xvid: "mpeg4",
  divx: "mpeg4",
  dx50: "mpeg4",
  fmp4: "mpeg4",
  jpeg: "mjpeg",
  mjpg: "mjpeg",
  mjpa: "mjpeg",
};

const AUDIO: Record<string, string> = {
  mp4a: "aac",
  "ac-3": "ac3",
  "ec-3": "eac3",
  opus: "opus",
  flac: "flac",
  alaw: "pcma",
  ulaw: "pcmu",
  samr: "amr",
  ".mp3": "mp3",
};

export interface NamedCodec {
  kind: "video" | "audio";
  codec: string;
}

/** @param code four characters, or an RFC 6381 name that begins with them: `avc1.64001f` */
export function codecOf(code: string): NamedCodec | undefined {
  const name = code.toLowerCase();
  // RFC 6381 §3.3: MPEG-1 audio has an object type of its own within mp4a
  if (/^mp4a\.(40\.34|6b|69)$/.test(name)) return { kind: "audio", codec: "mp3" };
  const four = name.slice(0, 4);
  if (Object.hasOwn(VIDEO, four)) return { kind: "video", codec: VIDEO[four] as string };
  if (Object.hasOwn(AUDIO, four)) return { kind: "audio", codec: AUDIO[four] as string };
  return undefined;
}
