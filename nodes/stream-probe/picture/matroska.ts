import { plausible } from "../../../common/picture-facts";
import { codecOf } from "./codecs";
import { mediaOf, type Container, type Contents } from "./container";

/** Element ids of RFC 9559. */
const ID = {
  EBML: 0x1a45dfa3,
  SEGMENT: 0x18538067,
  TRACKS: 0x1654ae6b,
  TRACK: 0xae,
  TYPE: 0x83,
  CODEC: 0x86,
  DURATION: 0x23e383,
  VIDEO: 0xe0,
  WIDTH: 0xb0,
  HEIGHT: 0xba,
  CLUSTER: 0x1f43b675,
} as const;
const MOST_ELEMENTS = 64;

const CODECS: Record<string, string> = {
  "V_MPEG4/ISO/AVC": "h264",
  "V_MPEGH/ISO/HEVC": "h265",
  V_VP8: "vp8",
  V_VP9: "vp9",
  V_AV1: "av1",
  V_MJPEG: "mjpeg",
  "A_MPEG/L3": "mp3",
};

/** Matroska and WebM (RFC 9559). */
export const matroska: Container = {
  name: "Matroska",
  matches: (bytes) => bytes.length >= 4 && bytes.readUInt32BE(0) === ID.EBML,
  read,
};

interface Element {
  id: number;
  data: Buffer;
}

function read(bytes: Buffer): Contents {
  const segment = elements(bytes).find(({ id }) => id === ID.SEGMENT);
  const inside = segment ? elements(segment.data) : [];
  const tracks = inside.find(({ id }) => id === ID.TRACKS);
  const begun = inside.some(({ id }) => id === ID.CLUSTER);
  if (!tracks) return { media: {}, complete: begun };
  const entries = elements(tracks.data)
    .filter(({ id }) => id === ID.TRACK)
    .map(({ data }) => elements(data));
  const video = entries.find((entry) => number(entry, ID.TYPE) === 1);
  const audio = entries.find((entry) => number(entry, ID.TYPE) === 2);
  const sound = audio && codecName(audio);
  const media = sound === undefined ? {} : { audioCodec: sound };
  if (!video) return { media, hasVideo: begun ? false : undefined, complete: begun };
  const picture = elements(video.find(({ id }) => id === ID.VIDEO)?.data ?? Buffer.alloc(0));
  const nanoseconds = number(video, ID.DURATION);
  const fps = nanoseconds > 0 ? 1e9 / nanoseconds : undefined;
  const facts = plausible(number(picture, ID.WIDTH), number(picture, ID.HEIGHT));
  return { media: { ...mediaOf(codecName(video), facts, fps), ...media }, hasVideo: true, complete: begun };
}

function codecName(entry: Element[]): string | undefined {
  const name = entry.find(({ id }) => id === ID.CODEC)?.data.toString("latin1", 0, 40) ?? "";
  if (Object.hasOwn(CODECS, name)) return CODECS[name];
  const plain = /^[AV]_([A-Z0-9]+)/.exec(name)?.[1]?.toLowerCase();
  return plain === undefined ? undefined : (codecOf(plain)?.codec ?? plain);
}

function number(entry: Element[], id: number): number {
  const data = entry.find((element) => element.id === id)?.data;
  return data && data.length >= 1 && data.length <= 6 ? data.readUIntBE(0, data.length) : 0;
}

/** Elements one behind the other (RFC 8794 §4); a live stream's have no known size and reach to the end. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length && found.length < MOST_ELEMENTS;) {
    const idBytes = Math.clz32(bytes[at] as number) - 23;
    const sizeAt = at + idBytes;
    const sizeBytes = Math.clz32(bytes[sizeAt] ?? 0) - 23;
    const dataAt = sizeAt + sizeBytes;
    if (idBytes > 4 || sizeBytes > 8 || dataAt > bytes.length) break;
    let size = (bytes[sizeAt] as number) & (0xff >> sizeBytes);
    let unknown = size === 0xff >> sizeBytes;
    for (let i = sizeAt + 1; i < dataAt; i++) {
      size = size * 256 + (bytes[i] as number);
      unknown &&= bytes[i] === 0xff;
    }
    const end = unknown ? bytes.length : Math.min(bytes.length, dataAt + size);
    found.push({ id: bytes.readUIntBE(at, idBytes), data: bytes.subarray(dataAt, end) });
    at = end;
  }
  return found;
}
