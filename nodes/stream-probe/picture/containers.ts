import { plausible } from "../../../common/picture-facts";
import { annexBCodec, readAnnexB } from "./annex-b";
import { codecOf } from "./codecs";
import { mediaOf, UNKNOWN, type Container, type Contents } from "./container";
import { flv } from "./flv";
import { matroska } from "./matroska";
import { mp4 } from "./mp4";
import { mpegTs } from "./mpegts";

/** AVI (Microsoft's RIFF): the main header stands at a fixed place. */
const avi: Container = {
  name: "AVI",
  matches: (bytes) => /^RIFF[^]{4}(AVI |$)/.test(bytes.toString("latin1", 0, 12)),
  read(bytes) {
    const headerAt = bytes.indexOf("avih", 0, "latin1");
    const streamAt = bytes.indexOf("vids", 0, "latin1");
    if (headerAt < 0 || bytes.length < headerAt + 48) return { media: {}, complete: bytes.length > 4096 };
    const frameMicros = bytes.readUInt32LE(headerAt + 8);
    const size = plausible(bytes.readUInt32LE(headerAt + 40), bytes.readUInt32LE(headerAt + 44));
    const codec =
      streamAt < 0 ? undefined : codecOf(bytes.toString("latin1", streamAt + 4, streamAt + 8))?.codec;
    const fps = frameMicros > 0 ? 1e6 / frameMicros : undefined;
    const hasVideo = streamAt >= 0 ? true : bytes.length > 4096 ? false : undefined;
    return { media: mediaOf(codec, size, fps), hasVideo, complete: hasVideo !== undefined };
  },
};

/** Ogg (RFC 3533): every stream's first page comes before all other pages (§4), and says its codec. */
const ogg: Container = {
  name: "Ogg",
  matches: (bytes) => bytes.toString("latin1", 0, 4) === "OggS",
  read(bytes) {
    const media: Contents["media"] = {};
    for (let at = 0; at + 28 < bytes.length && bytes.toString("latin1", at, at + 4) === "OggS";) {
      const segments = bytes[at + 26] as number;
      const sizes = bytes.subarray(at + 27, at + 27 + segments);
      const dataAt = at + 27 + segments;
      if ((((bytes[at + 5] as number) >> 1) & 1) === 0) {
        return { media, hasVideo: media.codec !== undefined, complete: true };
      }
      readOggHeader(bytes.subarray(dataAt, dataAt + 64), media);
      at = dataAt + sizes.reduce((sum, size) => sum + size, 0);
    }
    return { media, hasVideo: media.codec === undefined ? undefined : true, complete: false };
  },
};

function readOggHeader(header: Buffer, media: Contents["media"]): void {
  const text = header.toString("latin1", 0, 8);
  if (text.startsWith("\x80theora") && header.length >= 30) {
    const size = plausible(header.readUIntBE(14, 3), header.readUIntBE(17, 3));
    const [numerator, denominator] = [header.readUInt32BE(22), header.readUInt32BE(26)];
    Object.assign(media, mediaOf("theora", size, denominator > 0 ? numerator / denominator : undefined));
  } else if (text.startsWith("\x01vorbis")) media.audioCodec = "vorbis";
  else if (text === "OpusHead") media.audioCodec = "opus";
}

/** H.264 or H.265 without any container, as some encoders and TP-Link's Kasa cameras send it. */
const elementary: Container = {
  name: "H.264 or H.265",
  matches: (bytes) => annexBCodec(bytes) !== undefined,
  read(bytes) {
    const codec = annexBCodec(bytes) ?? "h264";
    const { facts, keyframe } = readAnnexB(bytes, codec);
    const media = { ...mediaOf(codec, facts), ...(keyframe && { keyframe }) };
    return { media, hasVideo: true, complete: facts !== undefined };
  },
};

/** What is known to be video by its first bytes, and not read further. */
const recognized: Container = {
  name: "video",
  matches: (bytes) =>
    // MPEG program stream, with the header that Hikvision's recorders put before it; ASF of older cameras; Dahua's own
    /^(000001ba|494d4b48|3026b275|44484156)/.test(bytes.toString("hex", 0, 4)),
  read: () => UNKNOWN,
};

/** Pictures that are no JPEG: PNG, GIF, WebP. A camera's snapshot can be one. */
const still: Container = {
  name: "picture",
  matches: (bytes) => stillCodec(bytes) !== undefined,
  read(bytes) {
    const codec = stillCodec(bytes);
    if (codec === "png" && bytes.length >= 24) {
      const size = plausible(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
      return { media: mediaOf(codec, size), hasVideo: true, complete: true };
    }
    if (codec === "gif" && bytes.length >= 10) {
      const size = plausible(bytes.readUInt16LE(6), bytes.readUInt16LE(8));
      return { media: mediaOf(codec, size), hasVideo: true, complete: true };
    }
    return { media: mediaOf(codec, undefined), hasVideo: true, complete: codec === "webp" };
  },
};

function stillCodec(bytes: Buffer): string | undefined {
  const text = bytes.toString("latin1", 0, 12);
  if (text.startsWith("\x89PNG\r\n")) return "png";
  if (text.startsWith("GIF8")) return "gif";
  return /^RIFF[^]{4}WEBP/.test(text) ? "webp" : undefined;
}

/** In the order in which they are tried. */
const CONTAINERS: readonly Container[] = [
  mp4,
  still,
  mpegTs,
  flv,
  matroska,
  avi,
  ogg,
  elementary,
  recognized,
];

/** @param bytes at least 8; 12 tell RIFF files apart, and 400 a transport stream for sure */
export function containerOf(bytes: Buffer): Container | undefined {
  return CONTAINERS.find((container) => container.matches(bytes));
}

/** The name of a format that holds sound alone. */
export function audioFormatOf(bytes: Buffer): string | undefined {
  const text = bytes.toString("latin1", 0, 12);
  if (text.startsWith("ID3")) return "MP3 or AAC";
  if (text.startsWith("fLaC")) return "FLAC";
  if (/^RIFF[^]{4}WAVE/.test(text)) return "WAVE";
  if (text.startsWith("#!AMR")) return "AMR";
  const [first, second = 0] = bytes;
  if (first === 0x0b && second === 0x77) return "AC-3";
  // a frame header has 11 (MPEG audio) or 12 (ADTS) set bits
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || second === 0xff) return undefined;
  if ((second & 0xf6) === 0xf0) return "AAC";
  return (second & 0x06) !== 0 ? "MP3" : undefined;
}
